throw Object.assign(new Error('not today'), { code: 'E_BROKEN' });
