// Invalid accesses to memory that is not ours.
const { AT, END, READ, WRITE, addressOf, isGuarded } = require('../foreign.cjs');
const { load, never, open, startEquipped, survive } = require('../foreign.cjs');
require('../package.cjs');
const { say } = require('../program.cjs');

exports.TOUCHES = {
  'a read of address 0': (foreign) => foreign.read(0),
  'a write to address 8': (foreign) => foreign.write(8, 1),
  'a call of address 0': (foreign) => foreign.jump(0),
  'a read where nothing is mapped': (foreign) => foreign.read(AT + 5),
  'a write to a page that may only be read': (foreign) =>
    foreign.write(foreign.mapPage(AT, READ) + 7, 1),
  'a read of a page that may not be used': (foreign) => foreign.read(foreign.mapPage(AT, 0) + 9),
  'a jump into a page that may not be run': (foreign) =>
    foreign.jump(foreign.mapPage(AT, READ | WRITE)),
  'a read of a file that was truncated': (foreign) => foreign.read(foreign.mapLost(AT) + 3),
  'a write to a file that was truncated': (foreign) => foreign.write(foreign.mapLost(AT) + 4, 1),
  'a read of an address that cannot be': (foreign) => foreign.read(2 ** 63),
};

/** Loads the library; with the guard, faults in our own mappings come first. */
const prepare = () => {
  const foreign = load();
  const kept = open();
  if (isGuarded) for (let i = 0; i < 3; ++i) survive();
  return { foreign, kept };
};

exports.touch = (name) => {
  const { foreign } = prepare();
  say('before');
  exports.TOUCHES[name](foreign);
  say('after');
};

exports.touchWithHandler = (name) => {
  load().take('a', END);
  exports.TOUCHES[name](prepare().foreign);
  say('after');
};

exports.prepareAndTouch = (name) => {
  exports.TOUCHES[name](prepare().foreign);
};

exports.touchInThread = async (name) => {
  exports.kept = open();
  if (isGuarded) survive();
  const thread = await startEquipped();
  await thread.run((name) => require('../signals/foreign.cjs').prepareAndTouch(name), name);
  say('after');
};

exports.abort = async () => {
  prepare();
  process.kill(process.pid, 'SIGABRT');
  await never();
};

exports.jumpIntoOurs = () => {
  const { foreign, kept } = prepare();
  say('before');
  foreign.jump(addressOf(kept.path));
};
