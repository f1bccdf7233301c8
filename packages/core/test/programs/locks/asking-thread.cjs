// A thread that opens the files whose paths it is sent, and answers with their lock or with the error.
const { parentPort } = require('node:worker_threads');
const { MmapFile } = require('../package.cjs');

parentPort?.on('message', (path) => {
  try {
    const file = MmapFile.open(path);
    parentPort?.postMessage(file.lockState);
    file.close();
  } catch ({ name, code, errno, syscall, path, message }) {
    parentPort?.postMessage({ name, code, errno, syscall, path, message });
  }
});
