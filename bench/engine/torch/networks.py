"""The networks of ../networks.ts in PyTorch: the same layers, sizes and losses."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv_norm(cin, cout, kernel, activation, stride=1, groups=1):
    layers = [nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, activation) if activation is not None else nn.Sequential(*layers)


class UNet(nn.Module):
    """U-Net with `base` channels at the top and four levels; up-sampling by repetition or by transposed convolution."""

    def __init__(self, base=16, transposed=False):
        super().__init__()
        widths = [base << level for level in range(5)]
        double = lambda cin, cout: nn.Sequential(conv_norm(cin, cout, 3, nn.ReLU()), conv_norm(cout, cout, 3, nn.ReLU()))
        self.down = nn.ModuleList([double(3 if i == 0 else widths[i - 1], widths[i]) for i in range(5)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(widths[i + 1], widths[i], 2, 2) if transposed else nn.Upsample(scale_factor=2) for i in reversed(range(4))])
        self.join = nn.ModuleList([double(widths[i] + (widths[i] if transposed else widths[i + 1]), widths[i]) for i in reversed(range(4))])
        self.out = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        skips.pop()
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([skips.pop(), up(x)], 1))
        return [self.out(x)]


class TinyYolo(nn.Module):
    """Tiny YOLO v3, 80 classes, three anchors at each of two scales."""

    def __init__(self):
        super().__init__()
        block = lambda cin, cout, kernel: conv_norm(cin, cout, kernel, nn.LeakyReLU(0.1))
        widths = [16, 32, 64, 128, 256]
        self.stem = nn.ModuleList([block(3 if i == 0 else widths[i - 1], w, 3) for i, w in enumerate(widths)])
        self.narrow = nn.Sequential(block(256, 512, 3), block(512, 1024, 3), block(1024, 256, 1))
        self.coarse = nn.Sequential(block(256, 512, 3), nn.Conv2d(512, 255, 1))
        self.before = block(256, 128, 1)
        self.fine = nn.Sequential(block(384, 256, 3), nn.Conv2d(256, 255, 1))

    def forward(self, x):
        for layer in self.stem:
            x = layer(x)
            route = x
            x = F.max_pool2d(x, 2)
        x = self.narrow(x)
        return [self.coarse(x), self.fine(torch.cat([F.interpolate(self.before(x), scale_factor=2), route], 1))]


class MobileNetV2(nn.Module):
    """Sandler et al. 2018, width 1, 1000 classes."""

    def __init__(self):
        super().__init__()
        self.stem = conv_norm(3, 32, 3, nn.ReLU6(), 2)
        self.blocks = nn.ModuleList()
        self.residual = []
        channels = 32
        for expansion, filters, repeats, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
            for i in range(repeats):
                step = stride if i == 0 else 1
                hidden = channels * expansion
                layers = [conv_norm(channels, hidden, 1, nn.ReLU6())] if expansion > 1 else []
                self.blocks.append(nn.Sequential(*layers, conv_norm(hidden, hidden, 3, nn.ReLU6(), step, hidden), conv_norm(hidden, filters, 1, None)))
                self.residual.append(step == 1 and channels == filters)
                channels = filters
        self.head = conv_norm(channels, 1280, 1, nn.ReLU6())
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x):
        x = self.stem(x)
        for block, residual in zip(self.blocks, self.residual):
            x = x + block(x) if residual else block(x)
        return [self.classifier(self.head(x).mean([2, 3]))]


NETWORKS = {
    'unet16-nearest': lambda: UNet(),
    'unet16-transposed': lambda: UNet(transposed=True),
    'tiny-yolo': TinyYolo,
    'mobilenet-v2': MobileNetV2,
}
LOSSES = {
    'bce': lambda outputs: F.binary_cross_entropy_with_logits(outputs[0], torch.zeros_like(outputs[0])),
    'squares': lambda outputs: sum((z ** 2).mean() for z in outputs),
}
