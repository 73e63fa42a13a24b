import { describe, expect, it } from 'vitest';
import { keysOf, keysOfProject } from './invalidation';

describe('keysOf', () => {
  it('names the thing and the list of its project', () => {
    expect(keysOf({ type: 'changed', entity: 'job', id: 'j', projectId: 'p' })).toEqual([{ queryKey: ['job', 'j'] }, { queryKey: ['job', 'list', 'p'] }]);
  });
  it('makes the counts of the project old when an item changes', () => {
    expect(keysOf({ type: 'changed', entity: 'item', id: 'i', projectId: 'p' })).toContainEqual({ queryKey: ['project', 'p'], exact: true });
  });
  it('makes the list of projects old when a project changes', () => {
    expect(keysOf({ type: 'project.updated', entity: 'project', id: 'p', projectId: 'p' })).toContainEqual({ queryKey: ['project', 'list'] });
  });
  it('makes everything old when events were lost', () => {
    expect(keysOf({ type: 'hub.resync', entity: 'hub', id: '' })).toBeNull();
    expect(keysOf({ type: 'resync' })).toBeNull();
  });
  it('covers every list of a project when one of its jobs ends', () => {
    expect(keysOfProject('p')).toContainEqual({ queryKey: ['quality', 'list', 'p'] });
  });
});
