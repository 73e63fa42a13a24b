"""
Times PyTorch on request, so that its runs can alternate with those of the engine. Requests and answers are lines of JSON:

{"what": "train", "network": "tiny-yolo", "loss": "squares", "size": 224, "batch": 4, "runs": 3}  ->  {"ms": [...]}
{"what": "predict", "network": "tiny-yolo", "size": 416, "runs": 10}                              ->  {"ms": [...]}

The first request of a kind builds and warms up. Threads come from the command line.
"""
import json
import sys
import time

try:
    import torch
except ImportError:
    print(json.dumps({'missing': 'torch'}), flush=True)
    sys.exit(0)
from networks import LOSSES, NETWORKS

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
ready = {}


def prepare(request):
    size, batch = request['size'], request.get('batch', 1)
    model = NETWORKS[request['network']]()
    x = torch.rand(batch, 3, size, size)
    if request['what'] == 'predict':
        model.eval()

        def run():
            with torch.no_grad():
                model(x)
    else:
        model.train()
        optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
        loss = LOSSES[request['loss']]

        def run():
            optimizer.zero_grad()
            loss(model(x)).backward()
            optimizer.step()
    for _ in range(2):
        run()
    return run


print(json.dumps({'torch': torch.__version__, 'threads': torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    key = json.dumps({k: v for k, v in request.items() if k != 'runs'}, sort_keys=True)
    if key not in ready:
        ready.clear()
        ready[key] = prepare(request)
    times = []
    for _ in range(request['runs']):
        began = time.perf_counter()
        ready[key]()
        times.append((time.perf_counter() - began) * 1e3)
    print(json.dumps({'ms': times}), flush=True)
