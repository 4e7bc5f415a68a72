#!/usr/bin/env bash
# What HttpArena calls to build the entry: copy this file and meta.json into its frameworks/panal, and say where Panal is.
set -euo pipefail
: "${PANAL_REPOSITORY:?Say where Panal is cloned from: PANAL_REPOSITORY=https://… (or a directory)}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet --depth 1 "$PANAL_REPOSITORY" "$folder/panal"
docker build -t httparena-panal -f "$folder/panal/Benchmarks/HttpArena/Dockerfile" "$folder/panal"
