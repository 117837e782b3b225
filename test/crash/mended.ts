/** What these tests found so far: each with the test that would have caught it. */

export type Mended = {
  readonly fault: string;
  readonly harm: string;
  readonly mend: string;
  readonly test: string;
};

const JOURNAL = 'test/journal/power.test.ts';
const STORE = 'test/store/power.test.ts';
const HERE = 'test/crash/mended.test.ts';

export const MENDED: readonly Mended[] = [
  {
    fault: 'power cut or kill while the next journal file is begun, then a start and new events',
    harm: 'the unfinished file stayed; the start after that refused: "does not go on"',
    mend: 'a start removes it, and syncs that, before it takes events',
    test: JOURNAL,
  },
  {
    fault: 'kill between making a journal file and syncing its name, then a power cut',
    harm: 'acknowledged events were lost with the file',
    mend: 'a start syncs the folder of the journal, and the name of that folder',
    test: JOURNAL,
  },
  {
    fault: 'a sync of a new journal file that fails, a start, then a power cut',
    harm: 'the header was lost under acknowledged events: no start any more',
    mend: 'a start writes the header again, as it did with the records',
    test: JOURNAL,
  },
  {
    fault: 'a full disk takes a part of a group, room is made, then a power cut',
    harm: 'a mixture of the old and the new group was taken for tampering: no start any more',
    mend: 'what is cut off is cut off durably before anything is written in its place',
    test: JOURNAL,
  },
  {
    fault: 'a full disk refuses the next journal file, which is there all the same; a restart',
    harm: 'the journal had gone on in the file before it: no start any more ("does not go on")',
    mend: 'a start drops files that hold no record where the records go on without them',
    test: 'test/journal/recovery.test.ts',
  },
  {
    fault: 'EIO when a released journal file is removed',
    harm: 'the next release left a hole behind it: no start any more',
    mend: 'a file counts as held until it is gone',
    test: JOURNAL,
  },
  {
    fault: 'kill between the rename and the sync of a subject’s key, then a power cut',
    harm: 'events sealed after the start were acknowledged under a key that was lost',
    mend: 'a start settles keys and heads before it builds on them',
    test: STORE,
  },
  {
    fault: 'kill while the data folder is made, then a power cut',
    harm: 'the whole folder could be gone, with acknowledged events',
    mend: 'the name of the data folder is synced at each start',
    test: STORE,
  },
  {
    fault: 'power cut after partial tiles were written',
    harm: 'torn tiles of older trees stayed for ever: `clawctl verify` called them tampered',
    mend: 'the first run after a start compares them with the tree and writes them again',
    test: HERE,
  },
  {
    fault: 'kill after tiles were written, a start, then a power cut',
    harm: 'tiles that were taken for durable were lost after the journal had let go of them',
    mend: 'a start writes the tiles of what is not archived again, and so has them synced',
    test: HERE,
  },
  {
    fault: 'a tenant’s keys cannot be written (full disk, EIO)',
    harm: 'a promise that nobody awaited ended the server',
    mend: 'the refusal goes to those who asked, and to nobody else',
    test: HERE,
  },
  {
    fault: 'kill or error while the root key is written at the first start',
    harm: 'half a key file stood in the way of every later start',
    mend: 'written beside its place, synced, then renamed; errors have names',
    test: HERE,
  },
  {
    fault: 'a start behind a kill, while records move to the archive',
    harm: 'the index skipped a range and said that it was complete; a slow live tail, too',
    mend: 'a replay goes on where the archive that it read ended, not where the journal begins',
    test: HERE,
  },
  {
    fault: 'two servers start on one folder at the same moment',
    harm: 'both were refused',
    mend: 'the lock waits a tenth of a second',
    test: 'test/store/lock.test.ts',
  },
  {
    fault: 'a full disk at the start',
    harm: 'the lock made a journal file of its own and a note: errors without a name',
    mend: 'the lock needs no room; the note may be missing',
    test: 'test/store/lock.test.ts',
  },
  {
    fault: 'the folder of the index cannot be made or listed',
    harm: 'the server ended with "internal.bug"',
    mend: 'named `data.full`, `data.unwritable` or `data.unreadable`',
    test: 'npm run test:crash -- --only syscall',
  },
  {
    fault: 'a disk that is full when the trail is closed (the log of new keys)',
    harm: 'the log stayed open: the disk could not be unmounted until the process ended',
    mend: 'a close closes what the store holds, whatever was refused before',
    test: 'test/trail/full.test.ts',
  },
];
