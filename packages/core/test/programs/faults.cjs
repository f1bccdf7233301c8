// For programs that meet faults.

/**
 * What a call throws, with what only faults have.
 *
 * @returns {any}
 */
const faultOf = (call) => {
  try {
    call();
  } catch (error) {
    const { name, code, reason, offset, path, cause } = error;
    return { name, code, reason, offset, path, system: cause?.code };
  }
  return 'no error';
};

module.exports = { faultOf };
