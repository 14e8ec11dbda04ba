#!/usr/bin/env bash
# One bad page in an SQLite file: `.dump` exits with 0, loading the dump exits with 0, and the new database is empty.
#
# One would guess: a dump that meets damage fails, or gives all that can be read, and says by its status that something is missing. The
# tables that have no damage are in it in any case; that is why one dumps a database that is in trouble.
# What happens: sqlite3 writes the rows that it can read and comments where it cannot, and ends the text with "ROLLBACK; -- due to errors"
# in place of COMMIT. Both are for whoever reads the text: nothing is on stderr, the status is 0. Loaded, the whole transaction is
# taken back: not one row of any table, and again status 0. `.backup` copies the bad page and exits with 0 as well;
# `VACUUM INTO` fails.
# For whom it matters: nightly `sqlite3 db .dump | zstd >backup` with pipefail set: from the day on when a page went bad, each dump has
# the usual size, and restores as an empty database. The last good one goes out of rotation meanwhile.
# What follows for our users: the last line of a dump must be COMMIT; look at it, or load it and count. To get rows out of such a file,
# replace the last line by COMMIT, or use .recover. A copy of the file by `carousel cp` has the bad page as well: let
# `PRAGMA integrity_check` answer "ok" before an older copy is removed.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages sqlite3=3.40.1-2+deb12u2 libsqlite3-0=3.40.1-2+deb12u2
sqlite3() { "$root/usr/bin/sqlite3" -batch "$@"; }
echo "version    SQLite $(sqlite3 --version | cut -d' ' -f1)"

sqlite3 database "create table orders(number integer primary key, text);
  insert into orders select value, 'an order of so many things' from generate_series(1, 20000);
  create table customers(name); insert into customers values('Ada'), ('Grace');"
dd if=/dev/zero of=database bs=4096 seek=100 count=1 conv=notrunc status=none

sqlite3 database .dump >dump 2>words && status=0 || status=$?
expect "exit status of the dump" "$status" 0
expect "words on stderr" "$(wc -c <words)" 0
expect "nine tenths of the rows are in it" "$(($(grep -c '^INSERT INTO orders' dump) >= 18000))" 1
expect "its last line" "$(tail -1 dump)" "ROLLBACK; -- due to errors"
sqlite3 restored <dump >words 2>&1 && status=0 || status=$?
expect "exit status and words of the load" "$status$(cat words)" 0
expect "tables after it" "$(sqlite3 restored "select count(*) from sqlite_schema")" 0
sed '$s/ROLLBACK/COMMIT/' dump | sqlite3 kept
expect "with COMMIT for the last line" "$(sqlite3 kept "select group_concat(name) from customers")" "Ada,Grace"

sqlite3 database ".backup copy" >words 2>&1 && status=0 || status=$?
expect "exit status and words of .backup" "$status$(cat words)" 0
expect "its copy of all rows" "$(sqlite3 copy "select sum(length(text)) from orders" 2>&1 | grep -o 'malformed')" malformed
sqlite3 database "vacuum into 'compact'" >words 2>&1 && status=0 || status=$?
expect "exit status of VACUUM INTO" "$status" 11
