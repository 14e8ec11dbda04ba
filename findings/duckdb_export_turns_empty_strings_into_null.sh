#!/usr/bin/env bash
# EXPORT DATABASE of DuckDB, read by its IMPORT DATABASE, has NULL where an empty string was. Neither says a word.
#
# One would guess: a pair of commands for saving a whole database and loading it gives back the values. The CSV it writes tells the two
# apart: an empty string is "", a NULL is nothing between the commas.
# What happens: the export is CSV unless asked otherwise, and the load.sql that it writes beside the files reads "" as NULL too. Text and
# BLOBs are concerned. Columns with NOT NULL or a key keep their empty strings, so that no constraint fails and nothing stops; lists and
# structures keep theirs as well. A number in a UNION of a number and a text comes back as text. With (FORMAT parquet) all is as it was.
# For whom it matters: who moves a database to a new version by export, as its manual says, or keeps backups so: `WHERE note = ''`
# finds nothing any more, joins and NOT IN over the column give other rows. The number of rows and all sums of numbers are right.
# What follows for our users: EXPORT DATABASE 'folder' (FORMAT parquet), or copy the database's file while nobody has it open, with its
# .wal if there is one. For exports that exist: load with allow_quoted_nulls = false added to each line of load.sql.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

export npm_config_cache=$folder/npm
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.6-r.1 @duckdb/node-bindings@1.5.6-r.1 \
  @duckdb/node-bindings-linux-x64@1.5.6-r.1 >log 2>&1 || { cat log; echo "the pinned packages cannot be had here"; exit 2; }
echo "package    npm's @duckdb/node-api, node-bindings and node-bindings-linux-x64 1.5.6-r.1"

cat >base.mjs <<'JS'
import { DuckDBInstance } from "@duckdb/node-api";

// base.mjs make|load FOLDER [OPTIONS]: what a new database answers after it was filled and saved, or after it was loaded.
const [what, folder, options = ""] = process.argv.slice(2);
const base = await (await DuckDBInstance.create(":memory:")).connect();
const rows = async (sql) => (await base.runAndReadAll(sql)).getRows().map((row) => row.join(" "));

if (what === "version") {
  console.log(...(await rows("SELECT version()")));
  process.exit();
}
if (what === "make") {
  await base.run("CREATE TABLE note (text VARCHAR, kept VARCHAR NOT NULL, bytes BLOB, list VARCHAR[], one UNION(n INTEGER, s VARCHAR))");
  await base.run("INSERT INTO note VALUES ('', '', ''::BLOB, [''], 3), (NULL, 'a', NULL, [NULL], 'b'), ('c', 'd', 'e'::BLOB, [], 'f')");
  await base.run(`EXPORT DATABASE '${folder}' ${options}`);
} else {
  await base.run(`IMPORT DATABASE '${folder}'`);
}
const counts = ["count(*)", "count(text)", "count(kept)", "count(bytes)", "count(list[1])", "count(one.n)"];
console.log(...(await rows(`SELECT ${counts} FROM note`)));
JS
echo "version    DuckDB $(node base.mjs version)"

# There are 3 rows, 2 texts of which 1 is empty, 3 that may not be NULL, 2 BLOBs, 1 list that begins with a text, 1 number.
expect "rows, texts, NOT NULLs, BLOBs, texts in lists, numbers in unions" "$(node base.mjs make csv)" "3 2 3 2 1 1"
expect "the line of the empty strings in the CSV" "$(sed -n 2p csv/note.csv)" "\"\",\"\",\"\",[''],3"
expect "the line of the NULLs" "$(sed -n 3p csv/note.csv)" ",a,,[NULL],b"
expect "after IMPORT DATABASE, status 0" "$(node base.mjs load csv), status $?" "3 1 3 1 1 0, status 0"
expect "with parquet" "$(node base.mjs make parquet '(FORMAT parquet)') and $(node base.mjs load parquet)" "3 2 3 2 1 1 and 3 2 3 2 1 1"
sed -i 's/header 1/header 1, allow_quoted_nulls false/' csv/load.sql
expect "from CSV by allow_quoted_nulls = false" "$(node base.mjs load csv)" "3 2 3 2 1 0"
