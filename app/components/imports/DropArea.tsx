'use client';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { Alert, Button, Checkbox, Group, Loader, Modal, Radio, Select, Stack, Text } from '@mantine/core';
import { IconFolderOpen, IconPhotoPlus, IconUpload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { describeError, notifyError } from '../../lib/api';
import { entriesOfDrop, filesOfInput, isArchive, walkEntries, type PickedFile } from '../../lib/folder';
import { countOf, formatBytes, formatCount } from '../../lib/format';
import { q } from '../../lib/queries';
import { startUpload, type ImportOptions } from '../../lib/uploads';
import { useAction } from '../../lib/useAction';
import classes from './DropArea.module.css';

interface Picked { files: PickedFile[]; source: string }

/** Drop a folder, files or a zip; or pick them. Then the options, then the upload. */
export function DropArea({ project, onCommitted }: { project: string; onCommitted: (id: string) => void }) {
  const [over, setOver] = useState(false);
  const [reading, setReading] = useState<number | null>(null);
  const [picked, setPicked] = useState<Picked | null>(null);
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);

  const take = (list: PickedFile[], source: string) => {
    if (list.length === 0) notifyError('Nothing to import', new Error('There are no files in what you chose.'));
    else setPicked({ files: list, source });
  };
  const onDrop = useEffectEvent((e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    if (!e.dataTransfer || reading !== null || picked) return;
    const entries = entriesOfDrop(e.dataTransfer);
    if (entries.length === 0) return;
    const source = entries.length === 1 ? entries[0]!.name : `${entries.length} dropped`;
    setReading(0);
    walkEntries(entries, setReading)
      .then((list) => take(list, source), (error: unknown) => notifyError('The folder could not be read', new Error(`${describeError(error)} A file was moved, or the browser may not read it.`)))
      .finally(() => setReading(null));
  });
  // The whole window takes it: a folder let go beside the area would else replace the page by a list of its files.
  useEffect(() => {
    const over = (e: DragEvent) => {
      if (!e.dataTransfer?.types.includes('Files')) return;
      e.preventDefault();
      setOver(true);
    };
    const left = (e: DragEvent) => e.relatedTarget === null && setOver(false);
    const drop = (e: DragEvent) => onDrop(e);
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', left);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', left);
      window.removeEventListener('drop', drop);
    };
  }, []);
  const onPick = (input: HTMLInputElement, kind: 'folder' | 'files') => {
    const chosen = [...(input.files ?? [])];
    const root = chosen[0]?.webkitRelativePath.split('/')[0];
    take(filesOfInput(chosen), kind === 'folder' && root ? root : chosen.length === 1 ? chosen[0]!.name : countOf(chosen.length, 'file'));
    input.value = '';
  };
  return (
    <>
      <div className={classes.area} data-over={over} data-testid="drop-area">
        <Stack align="center" gap="xs">
          {reading === null ? <IconPhotoPlus size={36} stroke={1.3} aria-hidden /> : <Loader size="sm" />}
          <Text fw={600}>{reading === null ? (over ? 'Let go to import' : 'Drop a folder, images or a zip on this page') : `Reading the folder… ${formatCount(reading)} files`}</Text>
          <Text size="xs" c="dimmed" maw={520}>Annotations, and lists of splits such as ImageSets, are found beside the images. The same folder again adds only what is new.</Text>
          <Group gap="xs" mt={4}>
            <Button variant="filled" leftSection={<IconFolderOpen size={15} aria-hidden />} onClick={() => folder.current?.click()} disabled={reading !== null}>Choose a folder</Button>
            <Button leftSection={<IconUpload size={15} aria-hidden />} onClick={() => files.current?.click()} disabled={reading !== null}>Choose files or a zip</Button>
          </Group>
        </Stack>
        <input ref={folder} type="file" className={classes.hidden} aria-label="Folder to import" multiple {...{ webkitdirectory: '' }} onChange={(e) => onPick(e.currentTarget, 'folder')} />
        <input ref={files} type="file" className={classes.hidden} aria-label="Files to import" multiple onChange={(e) => onPick(e.currentTarget, 'files')} />
      </div>
      <Modal opened={!!picked} onClose={() => setPicked(null)} title="Import" size="lg">
        {picked && <Options project={project} picked={picked} onClose={() => setPicked(null)} onCommitted={onCommitted} />}
      </Modal>
    </>
  );
}

const IMAGE = /\.(jpe?g|png|webp|tiff?|bmp)$/i;

function Options({ project, picked, onClose, onCommitted }: { project: string; picked: Picked; onClose: () => void; onCommitted: (id: string) => void }) {
  const { files, source } = picked;
  const bytes = files.reduce((sum, f) => sum + f.file.size, 0);
  const images = files.filter((f) => IMAGE.test(f.path)).length;
  const archives = files.filter((f) => isArchive(f.path)).length;
  const rest = files.length - images - archives;
  const formats = useQuery(q.formats());
  const [format, setFormat] = useState('auto');
  const [createClasses, setCreate] = useState(true);
  const [markDone, setDone] = useState(false);
  const [document, setDocument] = useState<'team' | 'import' | 'truth'>('team');
  const [vocFrame, setFrame] = useState<'labelimg' | 'devkit'>('labelimg');
  const start = useAction({
    run: async () => {
      const options: ImportOptions = { format, createClasses, markDone: markDone && document === 'team', document, vocFrame };
      // The upload goes on by itself; what fails later is shown in its place.
      await new Promise<void>((resolve, reject) => {
        startUpload(project, files, source, options, onCommitted).then(resolve, reject);
        setTimeout(resolve, 400);
      });
    },
    failed: 'The import did not begin', onDone: onClose,
  });
  return (
    <Stack gap="md">
      <div>
        <Text size="sm" fw={600}>{source}</Text>
        <Text size="sm" c="dimmed">{[images && countOf(images, 'image'), archives && countOf(archives, 'zip'), rest && `${countOf(rest, 'other file')} (annotations, lists)`].filter(Boolean).join(', ')} · {formatBytes(bytes)}</Text>
      </div>
      {images + archives === 0 && <Alert color="yellow" p="xs"><Text size="sm">No file looks like an image or a zip. Fieldmark looks into the bytes, not at the name, so you can try; what is no image is refused with a reason.</Text></Alert>}
      <Group grow align="flex-start">
        <Select label="Annotations beside the images" value={format} onChange={(v) => setFormat(v ?? 'auto')} data={[{ value: 'auto', label: 'Find out by itself' }, ...(formats.data?.formats.filter((f) => f.reads).map((f) => ({ value: f.id, label: f.name })) ?? [])]} />
        {(format === 'auto' || format === 'voc' || format === 'pascal-voc') && (
          <Select label="Frame of Pascal VOC boxes" description={undefined} value={vocFrame} onChange={(v) => setFrame(v as typeof vocFrame)} data={[{ value: 'labelimg', label: 'Edges, as LabelImg writes' }, { value: 'devkit', label: '1-based, as the VOC devkit' }]} />
        )}
      </Group>
      <Radio.Group label="The annotations become" value={document} onChange={(v) => setDocument(v as typeof document)}>
        <Stack gap={6} mt={6}>
          <Radio value="team" label="Labels of the team" description="People go on from them; they are trained on when the image is done" />
          <Radio value="import" label="A document of their own" description="Kept beside the team's labels, to compare with on the quality page" />
          <Radio value="truth" label="Ground truth" description="What people and models are measured against" />
        </Stack>
      </Radio.Group>
      <Checkbox checked={createClasses} onChange={(e) => setCreate(e.currentTarget.checked)} label="Add classes that the annotations name and the project lacks" description="Otherwise annotations of unknown classes are left out, and the report lists them" />
      <Checkbox checked={markDone} disabled={document !== 'team'} onChange={(e) => setDone(e.currentTarget.checked)} label="Images with annotations arrive as done" description="For a dataset that is already labelled and checked" />
      <Group justify="flex-end" gap="xs">
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="filled" loading={start.isPending} onClick={() => start.mutate()} data-autofocus>Upload and import</Button>
      </Group>
    </Stack>
  );
}
