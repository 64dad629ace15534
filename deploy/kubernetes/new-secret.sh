#!/bin/sh
# Prints secrets for the fleet in this directory: sh new-secret.sh > secret.env
set -eu
umask 077
word() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
password=$(word)
printf 'fleet-secret=%s\nredis-password=%s\nredis-url=redis://:%s@shopblast-fleet-redis:6379/0\n' \
  "$(word)" "$password" "$password"
