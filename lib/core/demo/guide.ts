/** The guide of the demo project (Markdown). */
export const demoGuide = `# Blood smears

These pictures are drawn by Fieldmark itself. They look like a stained blood smear under the microscope, and the truth about them is
known to the pixel: compare your labels with the author **ground truth** on the Quality page.

## What to label

| Class | Key | How |
|---|---|---|
| **Red cell** | \`1\` | A box tight around the disc. Where two overlap, each gets its whole box. |
| **White cell** | \`2\` | A box around the whole cell, not only its nucleus. Enter how many **lobes** the nucleus has. |
| **Platelet** | \`3\` | A box around each violet scrap, however small. |
| **Nucleus** | \`4\` | A mask of the dark body of a white cell; its lobes are one mask. |
| **Nucleus axis** | \`5\` | Three points: the left end, the centre and the right end of the line along which the nucleus is longest. |

## Rules

1. Cells that the picture's edge cuts off are labelled as far as they are seen, and marked **truncated**.
2. Every cell counts: an unlabelled one teaches the model that it is background.
3. If in doubt, zoom in. If still in doubt, mark it **difficult**.

## What to try

Some pictures are done, the others are open. Train a model on what is done, let it propose labels for the rest, and accept, correct or
reject them.
`;
