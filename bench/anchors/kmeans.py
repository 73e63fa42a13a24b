"""scikit-learn's KMeans on widths and heights: a line of JSON for each number of starts."""
import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.cluster import KMeans

warnings.filterwarnings('ignore')
path, k = sys.argv[1], int(sys.argv[2])
shapes = np.fromfile(path).reshape(2, -1).T.copy()
for starts in (1, 10):
    began = time.perf_counter()
    fitted = KMeans(n_clusters=k, n_init=starts, random_state=0).fit(shapes)
    ms = (time.perf_counter() - began) * 1000
    print(json.dumps({'version': sklearn.__version__, 'starts': starts, 'ms': ms, 'centers': fitted.cluster_centers_.tolist()}), flush=True)
