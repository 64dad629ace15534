#!/bin/sh
# A fleet on Docker Swarm: deploy/swarm/fleet.sh up makes its secrets, Redis, leader and machines; down takes all of
# it away. The run is the leader's `command` in fleet.yaml, the machines are below. Say `docker service logs
# --follow --raw shopblast-fleet_leader` to hear the leader.
set -eu
cd "$(dirname "$0")"

word() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

case ${1:-} in
  up)
    password=$(word)
    word | docker secret create shopblast-fleet-secret - >/dev/null
    printf 'redis://:%s@redis:6379/0' "$password" | docker secret create shopblast-fleet-redis-url - >/dev/null
    printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy noeviction\n' "$password" |
      docker secret create shopblast-fleet-redis-conf - >/dev/null
    docker stack deploy --compose-file fleet.yaml shopblast-fleet
    docker service create --detach --quiet --name shopblast-fleet-join --mode replicated-job --replicas 4 --max-concurrent 4 --restart-condition none --network shopblast-fleet_fleet --secret 'source=shopblast-fleet-secret,target=fleet-secret' --secret 'source=shopblast-fleet-redis-url,target=redis-url' --user 65532:65532 --cap-drop ALL --ulimit 'nofile=65536:65536' --ulimit 'memlock=-1:-1' --stop-grace-period 60s --reserve-memory 2G --limit-memory 2G --reserve-cpu 2 --replicas-max-per-node 1 --entrypoint 'sh -c '\''SHOPBLAST_FLEET_SECRET=$(cat /run/secrets/fleet-secret)
SHOPBLAST_REDIS=$(cat /run/secrets/redis-url)
export SHOPBLAST_FLEET_SECRET SHOPBLAST_REDIS
shopblast "$@" & join=$!
trap '\''\'\'''\''kill -TERM "$join"'\''\'\'''\'' TERM INT
while :; do wait "$join"; code=$?; kill -0 "$join" 2>/dev/null || break; done
[ "$code" = 0 ] || echo "shopblast fleet join ended with $code" >&2'\'' shopblast' shopblast fleet join --run fleet --cores 2 --allow-target shop
    ;;
  down)
    docker service rm shopblast-fleet-join || true
    docker stack rm shopblast-fleet
    # Secrets are in use for a moment after what used them went.
    for secret in secret redis-url redis-conf; do
      for _ in 1 2 3 4 5 6 7 8 9 10; do
        docker secret rm "shopblast-fleet-$secret" >/dev/null 2>&1 && break
        sleep 1
      done
    done
    ;;
  *) echo "usage: $0 up | down" >&2 && exit 2 ;;
esac
