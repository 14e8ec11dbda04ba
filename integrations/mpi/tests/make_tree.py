"""usage: make_tree.py DIRECTORY: a tree that has one of everything that a copy with -a keeps, and many of what ranks share."""

import os
import random
import socket
import sys

top = sys.argv[1]
dice = random.Random(1)
os.makedirs(top)
os.chdir(top)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def age(path, follow=True):
    when = dice.randrange(10**9) * 10**9 + dice.randrange(10**9)
    os.utime(path, ns=(when, when), follow_symlinks=follow)


# A tree of many directories, some of them deep.
directories = ["."]
for i in range(120):
    path = f"{dice.choice(directories)}/d{i}"
    os.mkdir(path)
    directories.append(path)
for i in range(900):
    write(f"{dice.choice(directories)}/f{i}", dice.randbytes(dice.choice([0, 1, 100, 5000, 70000])))
deep = "deep"
os.mkdir(deep)
for i in range(60):
    deep += "/below"
    os.mkdir(deep)
write(deep + "/end", b"end")

# One directory of many files.
os.mkdir("wide")
for i in range(1500):
    write(f"wide/{i}", b"%d" % i)

# Names of one file in several directories; links, specials, holes, a name that is no text.
for i in range(40):
    names = [f"{dice.choice(directories)}/name{i}-{n}" for n in range(dice.randrange(2, 6))]
    write(names[0], dice.randbytes(1000))
    for name in names[1:]:
        os.link(names[0], name)
os.symlink("/nowhere", "dangling")
os.symlink("d0", "to-directory")
os.link("dangling", "dangling-again", follow_symlinks=False)
os.mkfifo("fifo")
os.link("fifo", "fifo-again")
bound = socket.socket(socket.AF_UNIX)
bound.bind("socket")
write(b"n\xff\name".decode("utf-8", "surrogateescape"), b"x")
with open("sparse", "wb") as file:
    file.truncate(30 << 20)
    file.seek(9 << 20)
    file.write(dice.randbytes(1 << 20))
    file.seek(25 << 20)
    file.write(b"end")
write("large", dice.randbytes(21 * (1 << 20) + 12345))
os.link("large", "d0/large-again")
write("empty", b"")

if os.geteuid() == 0:
    os.mknod("device", 0o020600, os.makedev(1, 3))
    for i in range(50):
        os.chown(f"wide/{i}", 1000 + i, 2000 + i)
for name, value in [("user.a", b"1"), ("user.long", b"x" * 200)]:
    try:
        os.setxattr("wide/0", name, value)
        os.setxattr("wide", name, value)
        os.setxattr(directories[5], name, value)
    except OSError:
        pass

# Modes and times at the end: what was made changed those of directories.
for i in range(50):
    os.chmod(f"wide/{i}", dice.choice([0o600, 0o4755, 0o2755, 0o444, 0o000]))
for here, below, files in os.walk(".", topdown=False):
    for name in files + below:
        path = os.path.join(here, name)
        age(path, follow=False)
for path in directories[1:]:
    os.chmod(path, dice.choice([0o700, 0o755, 0o1777, 0o2775, 0o555]))
age(".")
