#!/usr/bin/env bash
# usage: copy_trees_test.sh CAROUSEL
# Trees of any depth and of any number of files need few descriptors and little memory.
. "$(dirname "$0")/lib.sh"
cat >deep.py <<'END'
import os, sys
# usage: deep.py make|check DIRECTORY DEPTH: directories inside each other, with a file at every 1000th level
verb, top, depth = sys.argv[1], sys.argv[2], int(sys.argv[3])
name = "a-directory-name"
if verb == "make": os.mkdir(top)
fd = os.open(top, os.O_RDONLY)
for level in range(depth):
    if level % 1000 == 0 or level == depth - 1:
        if verb == "make":
            with os.fdopen(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=fd), "w") as f: f.write(str(level))
        else:
            with os.fdopen(os.open("file", os.O_RDONLY, dir_fd=fd)) as f: assert f.read() == str(level)
    if verb == "make":
        os.mkdir(name, dir_fd=fd)
    below = os.open(name, os.O_RDONLY, dir_fd=fd)
    if verb == "make":
        os.chmod(below, 0o750); os.utime(below, (1, 1))
    elif level % 1000 == 0:
        about = os.fstat(below)
        assert about.st_mode & 0o777 == 0o750, oct(about.st_mode)
        assert about.st_mtime == 1 or verb == "make", about
    os.close(fd); fd = below
END
python3 deep.py make deep 10000
# What was made inside a directory changed its time.
cat >touch.py <<'END'
import os, sys
fds = []
fd = os.open(sys.argv[1], os.O_RDONLY)
while True:
    os.utime(fd, (1, 1))
    try: below = os.open("a-directory-name", os.O_RDONLY, dir_fd=fd)
    except FileNotFoundError: break
    os.close(fd); fd = below
END
python3 touch.py deep
run prlimit --nofile=100:100 "$carousel" cp -a --json deep copy
check "10,000 directories inside each other are copied with 100 descriptors" test $status = 0
check "all of them" test "$(json out 'o["directories"], o["files"]')" = "(10000, 11)" -o "$(json out 'o["directories"]')" = 10001
check "with content, modes and times" python3 deep.py check copy 10000
rm -rf deep copy &
remover=$!

mkdir many
python3 - <<'END'
import os
for d in range(20):
    os.mkdir(f"many/{d}")
    for i in range(500):
        with open(f"many/{d}/{i}", "wb") as f: f.write(b"%d" % i * 100)
END
run prlimit --nofile=120:120 /usr/bin/env python3 - "$carousel" <<'END'
import resource, subprocess, sys
done = subprocess.run([sys.argv[1], "cp", "-a", "--quiet", "many", "copied"])
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(used)
sys.exit(done.returncode)
END
check "10,000 small files are copied with 120 descriptors" test $status = 0
check "exactly" same_content many copied
if ! grep -qaE "__(asan_init|ubsan_handle)" "$carousel"; then
  check "in less than 48 MiB of memory" test "$(tail -1 out)" -lt 49152
fi
echo only >few
run python3 - "$carousel" <<'END'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "cp", "few", "few2"], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
if ! grep -qaE "__(asan_init|ubsan_handle)" "$carousel"; then
  check "a tiny file takes no arena of large buffers" test "$(tail -1 out)" -lt 16384
fi
wait $remover
finish
