// For programs that meet faults.

/**
 * The error that a call throws, with the properties that only faults have.
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
