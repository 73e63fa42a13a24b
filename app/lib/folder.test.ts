import { describe, expect, it } from 'vitest';
import { entriesOfDrop, filesOfInput, walkEntries, type DirectoryEntry, type Entry, type FileEntry } from './folder';

const file = (fullPath: string): FileEntry => ({ isFile: true, isDirectory: false, fullPath, name: fullPath.split('/').at(-1)!, file: (done) => done(new File([fullPath], fullPath.split('/').at(-1)!)) });
/** Gives its children a few at a time, as browsers do. */
const folder = (fullPath: string, children: Entry[], batch = 2): DirectoryEntry => ({
  isFile: false, isDirectory: true, fullPath, name: fullPath.split('/').at(-1)!,
  createReader: () => {
    const left = [...children];
    return { readEntries: (done) => done(left.splice(0, batch)) };
  },
});

describe('walkEntries', () => {
  it('reads every batch of every folder', async () => {
    const images = Array.from({ length: 7 }, (_, i) => file(`/bccd/JPEGImages/${i}.jpg`));
    const root = folder('/bccd', [folder('/bccd/JPEGImages', images), folder('/bccd/Annotations', [file('/bccd/Annotations/0.xml')]), file('/bccd/readme.txt')]);
    expect((await walkEntries([root])).map((f) => f.path)).toEqual([...images.map((_, i) => `JPEGImages/${i}.jpg`), 'Annotations/0.xml', 'readme.txt']);
  });
  it('keeps the names of several folders, so that paths stay apart', async () => {
    const paths = (await walkEntries([folder('/a', [file('/a/1.png')]), folder('/b', [file('/b/1.png')])])).map((f) => f.path);
    expect(paths).toEqual(['a/1.png', 'b/1.png']);
  });
  it('leaves out what file managers leave behind', async () => {
    const root = folder('/x', [file('/x/.DS_Store'), folder('/x/__MACOSX', [file('/x/__MACOSX/._1.png')]), file('/x/1.png'), file('/x/Thumbs.db')]);
    expect((await walkEntries([root])).map((f) => f.path)).toEqual(['1.png']);
  });
  it('passes on that a file cannot be read', async () => {
    const broken: FileEntry = { ...file('/a.png'), file: (_, failed) => failed(new Error('NotFoundError')) };
    await expect(walkEntries([broken])).rejects.toThrow('NotFoundError');
  });
});

describe('filesOfInput', () => {
  const picked = (name: string, relative = '') => Object.defineProperty(new File(['x'], name), 'webkitRelativePath', { value: relative });
  it('takes the chosen folder off the paths', () => {
    expect(filesOfInput([picked('1.jpg', 'set/train/1.jpg'), picked('2.jpg', 'set/2.jpg')]).map((f) => f.path)).toEqual(['train/1.jpg', '2.jpg']);
  });
  it('takes single files by their names', () => {
    expect(filesOfInput([picked('1.jpg'), picked('.DS_Store')]).map((f) => f.path)).toEqual(['1.jpg']);
  });
});

describe('entriesOfDrop', () => {
  it('passes over text that was dropped', () => {
    const entry = file('/1.png');
    expect(entriesOfDrop({ items: [{ kind: 'string' }, { kind: 'file', webkitGetAsEntry: () => entry }, { kind: 'file', webkitGetAsEntry: () => null }] })).toEqual([entry]);
  });
});
