import { Option, type Command } from 'commander';
import { augmentFault } from '@/lib/core/augmentation';
import { formats } from '@/lib/core/formats';
import { optimizerNames, projectTasks, scheduleNames, taskNames, viewings, type TaskName } from '@/lib/core/labels';
import { UsageError, act, command, number, wholeNumber, type Frame } from '../program';
import { augment } from '../training/augment';
import { refuse, setting, trainLocally, type LocalTraining } from '../training/local';
import { trainOnServer, type ServerTraining } from '../training/onServer';

type Options = Partial<Omit<LocalTraining, 'format' | 'vocFrame' | 'viewing'>> & Pick<LocalTraining, 'format' | 'vocFrame' | 'viewing'> & Omit<ServerTraining, 'task'> & { project?: string; task?: TaskName };

export function trainCommand(frame: Frame): Command {
  return command('train', 'train a model on a dataset, here and without a server, or on a project\'s frozen version, on the server', { server: true })
    .argument('[path]', 'a folder or a .zip file with images and labels; its own splits are kept')
    .addOption(new Option('--task <name>', 'what to learn (with --project: detect unless given)').choices([...taskNames]))
    .option('--out <folder>', 'folder of the model (with a path); it must be empty or absent')
    .option('--project <name>', 'instead of a path: name or id of a project on the server')
    .option('--minutes <number>', 'time the run may take (10, unless --epochs is given)', number(0.25, 1440))
    .option('--epochs <number>', 'passes over the images, instead of --minutes', wholeNumber(1, 10_000))
    .option('--backbone <name>', 'network to build on (else the task\'s own)')
    .option('--seed <number>', 'seed of the run (1)', wholeNumber(0, 2 ** 31))
    .option('--input-size <pixels>', 'side of the network\'s input, a multiple of 32 (16 for unet16, 4 for lenet5); on the server from 64 to 1280', wholeNumber(28, 2048))
    .option('--batch <number>', 'images a step', wholeNumber(1, 1024))
    .option('--anchors <number>', 'number of anchor boxes of a detector', wholeNumber(2, 18))
    .option('--learning-rate <number>', 'highest learning rate (else what suits task and optimizer)', number(1e-8, 10))
    .addOption(new Option('--optimizer <name>', 'how weights are moved: AdamW unless given, Adam, SGD with momentum or with Nesterov\'s').choices([...optimizerNames]))
    .addOption(new Option('--schedule <name>', 'how the learning rate goes after its rise: along a cosine unless given, in steps, or constant').choices([...scheduleNames]))
    .option('--start <place>', 'begin with the weights of this model: its folder, a model.json, an address of one, or scratch for none; with --project: the number of one of its models, an address, or scratch')
    .addOption(new Option('--depth <which>', 'what learns, when the weights are trained ones').choices(['head', 'partial', 'full']))
    .option('--set <name=value>', 'a setting of the task\'s own, as often as needed (with a path)', setting)
    .option('--augment <name=value>', 'how training images vary, where it shall differ from the task\'s own, such as rotate=20 or scale=0.8,1.25; as often as needed', augment)
    .option('--crops', 'classify the objects in boxes (with a path)')
    .option('--per-class <number>', 'train on so many images of each class, drawn by the seed (with a path)', wholeNumber(1, 1e9))
    .option('--limit <number>', 'train on so many images, drawn by the seed (with a path)', wholeNumber(1, 1e9))
    .addOption(new Option('--viewing <how>', 'look at test images once, also mirrored (twice the time), or at ten crops (ten times); gain and cost are shown beside a single look').choices([...viewings]).default('once'))
    .option('--threads <number>', 'cores to use (all; with a path)', wholeNumber(1, 256))
    .option('--memory <gigabytes>', 'memory the training may take (FIELDMARK_TRAINING_MEMORY_MB, else 60 % of what there is, at most 4; with a path)', number(0.5, 10_000))
    .addOption(new Option('--format <id>', 'format of the labels').choices(['auto', ...formats.filter((f) => f.reader).map((f) => f.id)]).default('auto'))
    .addOption(new Option('--voc-frame <frame>', 'Pascal VOC boxes: edges, or 1-based pixels').choices(['labelimg', 'devkit']).default('labelimg'))
    .option('--force', 'replace the model in --out; files that are not of a model are never replaced')
    .option('--version <number>', 'number of the version; otherwise a new one is frozen (with --project)', wholeNumber(1, 1e9))
    .option('--name <text>', 'name of the model (with --project)')
    .option('--no-wait', 'start the job and return (with --project)')
    .action(act<Options>(frame, (ctx, o, [given]) => {
      if ((given === undefined) === (o.project === undefined)) throw new UsageError('Give either a folder of data or --project.');
      if (o.minutes !== undefined && o.epochs !== undefined) throw new UsageError('--minutes and --epochs exclude each other.');
      const fault = o.augment && augmentFault(o.task ?? 'detect', o.augment);
      if (fault) throw new UsageError(fault);
      if (o.anchors !== undefined && (o.task ?? 'detect') !== 'detect') throw new UsageError('--anchors is for --task detect.');
      if (o.project !== undefined) {
        refuse(o, ['out', 'set', 'crops', 'perClass', 'limit', 'threads', 'memory', 'force'], 'is for data on this machine: give a path instead of --project');
        const task = projectTasks.find((t) => t === o.task);
        if (o.task !== undefined && !task) throw new UsageError(`A project cannot be trained for "${o.task}", only for ${projectTasks.join(', ')}: give a path to train on data on this machine.`);
        return trainOnServer(ctx, o.project, { ...o, task });
      }
      refuse(o, ['version', 'name'], 'is for projects on the server');
      if (!o.wait) throw new UsageError('--no-wait is for projects on the server.');
      if (o.task === undefined) throw new UsageError(`Say with --task what to learn: ${taskNames.join(', ')}.`);
      if (o.out === undefined) throw new UsageError('Say with --out where the model shall go.');
      if (o.crops && o.task !== 'classify') throw new UsageError('--crops is for --task classify.');
      return trainLocally(ctx, given!, { ...o, task: o.task, out: o.out, seed: o.seed ?? 1, crops: o.crops === true, force: o.force === true, set: o.set ?? {} });
    }));
}
