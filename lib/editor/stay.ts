/**
 * A person's stay at an item. Marking an item takes a moment and then leads on to the next one; somebody who has gone
 * elsewhere meanwhile must not be fetched back by it. Whatever goes elsewhere says `leave`; a step that will lead on asks
 * at its beginning for a `watch`, and at its end whether anybody has left since.
 */
export class Stay {
  private departures = 0;

  /** The person goes elsewhere: to another item, back to the list, by a link or by the browser's own way. */
  leave(): void {
    this.departures++;
  }

  /** Begins to watch; the function given back says whether the person is still where they were then. */
  watch(): () => boolean {
    const before = this.departures;
    return () => this.departures === before;
  }
}
