/** Which models can vote together. */

/** What of a model's card decides it. */
interface VotingCard {
  task?: unknown;
  architecture?: { head?: unknown };
  /** Absent: the network was trained here. */
  network?: { refine?: unknown };
  head?: { background?: unknown; order?: unknown };
}

/**
 * How a model's outputs are read: models of one ballot and the same classes can vote together, since what they give can be
 * averaged. Null: the model looks again at each object that it found, and votes with none.
 * @param card a model's card; what is missing in it makes another ballot, never an error
 */
export function ballotOf(card: unknown): string | null {
  const { task, architecture, network, head } = (card ?? {}) as VotingCard;
  if (network?.refine !== undefined) return null;
  const reading = network ? architecture?.head : task;
  // Maps of classes with and without a channel for the background have unlike channels.
  const background = head?.background === false && head.order !== 'index' ? '/no background' : '';
  return `${String(task)}/${String(reading)}${background}`;
}
