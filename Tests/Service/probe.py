"""What a program that took the daemon over could do: each probe is harmless where it succeeds.

Runs as a copy of the daemon's unit; prints one line of JSON: probe -> errno, 0 for what is allowed.
"""

import ctypes
import errno
import json
import mmap
import os
import socket

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x20000


def probe(action):
    try:
        action()
        return 0
    except OSError as error:
        return error.errno or -1


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def read_only(path):
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, path)


def execute():
    child = os.fork()
    if child == 0:
        try:
            os.execv("/bin/true", ["true"])
        except OSError as error:
            os._exit(error.errno)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, "execv")


def others():
    if not os.path.exists("/proc/1"):
        raise OSError(errno.ENOENT, "/proc/1")


print(json.dumps(dict(
    user=os.getuid(),
    packet=probe(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()),
    internet=probe(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()),
    usr=probe(lambda: read_only("/usr")),
    etc=probe(lambda: read_only("/etc")),
    home=probe(lambda: os.listdir("/root")),
    processes=probe(others),
    namespace=probe(lambda: call("unshare", CLONE_NEWNS)),
    root=probe(lambda: call("setuid", 0)),
    writeExecute=probe(lambda: mmap.mmap(
        -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()),
    execute=probe(execute),
)))
