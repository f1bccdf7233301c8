"""Holds a lock on a file that node cannot request, until its input ends: hold.py posix|ofd|lease FILE"""
import fcntl
import struct
import sys

F_OFD_SETLK = 37
kind, path = sys.argv[1:]
file = open(path, "r+b")
if kind == "posix":
    fcntl.lockf(file, fcntl.LOCK_EX, 10, 5)
elif kind == "ofd":
    lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 100, 0, 0)
    fcntl.fcntl(file, F_OFD_SETLK, lock)
else:
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
