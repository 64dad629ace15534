# Parts of scripts/bench-peers.sh: what a request costs over TLS 1.3 and over HTTP/2, and how many handshakes a core
# makes in a second, against nginx with one prepared reply and against the sandbox. Read by that script, whose
# variables it uses.
# shellcheck shell=bash disable=SC2154,SC2034

secure_servers=()
secure_pids=()

# A certificate of an authority of its own, with the key that browsers and shops have: P-256.
make_certificate() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
  printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$work/server.ext"
  {
    openssl req -x509 "${key[@]}" -days 2 -subj /CN=bench -keyout "$work/ca.key" -out "$work/ca.crt" &&
      openssl req "${key[@]}" -subj /CN=127.0.0.1 -keyout "$work/server.key" -out "$work/server.csr" &&
      openssl x509 -req -in "$work/server.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile "$work/server.ext" -out "$work/server.crt"
  } >"$work/openssl.out" 2>&1 || die "openssl makes no certificate: $(<"$work/openssl.out")"
}

# One process, so that its CPU time is the server's; the reply has the body of `sandbox --fixed`.
write_nginx_configuration() {
  local reply temporary="" kind
  reply=$(python3 -c "import sys, urllib.request as http; print(http.urlopen(sys.argv[1]).read().decode())" "$url/")
  for kind in client_body proxy fastcgi uwsgi scgi; do temporary+="${kind}_temp_path $work/nginx-$kind; "; done
  cat >"$work/nginx.conf" <<NGINX
daemon off; master_process off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.error crit;
events { worker_connections 8192; }
http {
  $temporary access_log off; server_tokens off; default_type application/json;
  keepalive_requests 1000000000; keepalive_timeout 600s;
  ssl_certificate $work/server.crt; ssl_certificate_key $work/server.key; ssl_protocols TLSv1.3;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_session_cache shared:bench:4m;
  server { listen 127.0.0.1:$((port + 1)); location / { return 201 '$reply'; } }
  server { listen 127.0.0.1:$((port + 2)) ssl; location / { return 201 '$reply'; } }
  server { listen 127.0.0.1:$((port + 3)) ssl http2; location / { return 201 '$reply'; } }
  server { listen 127.0.0.1:$((port + 6)) http2; location / { return 201 '$reply'; } }
  server { listen 127.0.0.1:$((port + 4)) ssl; keepalive_requests 1; location / { return 201 '$reply'; } }
}
NGINX
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# start_secure NAME PORT COMMAND...: a server on the server's CPU.
start_secure() {
  local name=$1 its_port=$2 tries=0 pid
  shift 2
  ! listens "$its_port" || die "something listens on port $its_port already; set PORT"
  taskset -c "$server_cpu" "$@" >"$work/$name.out" 2>&1 &
  pid=$!
  secure_servers+=("$name")
  secure_pids+=("$pid")
  until listens "$its_port"; do
    kill -0 "$pid" 2>/dev/null || die "$name ended: $(<"$work/$name.out") $(cat "$work/nginx.error" 2>/dev/null)"
    ((++tries < 100)) || die "$name does not listen on port $its_port after 10 s"
    sleep 0.1
  done
}

start_secure_servers() {
  make_certificate
  # Debian's nginx is not on everybody's PATH.
  PATH=$PATH:/usr/sbin
  if ! chosen "$servers" nginx; then
    :
  elif install_package nginx nginx-light; then
    write_nginx_configuration
    start_secure nginx $((port + 3)) nginx -p "$work" -c "$work/nginx.conf"
  else
    say "note: nginx is not installed; TLS and HTTP/2 are measured against the sandbox only"
  fi
  chosen "$servers" sandbox || return 0
  start_secure sandbox $((port + 5)) "$shopblast" sandbox --fixed --port $((port + 5)) --cores 1 \
    --tls-cert "$work/server.crt" --tls-key "$work/server.key"
}

# address_of SERVER WIRE: leaves it in `at`.
address_of() {
  case $1-$2 in
    sandbox-plain | sandbox-h2c) at=http://127.0.0.1:$port ;;
    sandbox-*) at=https://127.0.0.1:$((port + 5)) ;;
    nginx-plain) at=http://127.0.0.1:$((port + 1)) ;;
    nginx-tls) at=https://127.0.0.1:$((port + 2)) ;;
    nginx-h2c) at=http://127.0.0.1:$((port + 6)) ;;
    nginx-h2) at=https://127.0.0.1:$((port + 3)) ;;
    nginx-full | nginx-resumed) at=https://127.0.0.1:$((port + 4)) ;;
  esac
}

# secure_command CLIENT WIRE CONNECTIONS STREAMS: leaves the client's command for `$at` in `command`.
secure_command() {
  local client=$1 wire=$2 count=$3 streams=$4 more=()
  local pinned=(taskset -c "$client_cpu")
  case $client in
    shopblast)
      [[ $at == http:* ]] || more+=(--ca "$work/ca.crt")
      [[ $wire != h2* ]] || more+=(--http2 --connections "$count")
      [[ $wire != full ]] || more+=(--no-session-resumption)
      command=("${pinned[@]}" "$shopblast" --profile spike -H "$at" --no-preflight -u $((count * streams)) -r 1000000
        -t "${seconds}s" --pacing max --cores "$client_cpu," --stop-timeout 1s --quiet --exit-code-on-error 0
        --results @RESULTS@ "${more[@]}") ;;
    wrk)
      command=("${pinned[@]}" wrk -t 1 -c "$count" -d "${seconds}s" -s "$parts_dir/wrk_static.lua"
        "$at/customers" -- "$work/body.json") ;;
    oha)
      [[ $wire != h2* ]] || more+=(--http2 -p "$streams")
      [[ $wire != resumed ]] || more+=(--disable-keepalive)
      command=("${pinned[@]}" oha --worker-threads 1 --no-tui --output-format json --redirect 0 --disable-compression
        --insecure -z "${seconds}s" -c "$count" "${more[@]}" -m POST -T application/json -D "$work/body.json"
        "$at/customers") ;;
    h2load)
      [[ $wire == h2* ]] && more+=(-m "$streams") || more+=(--h1)
      command=("${pinned[@]}" h2load "${more[@]}" -t 1 -c "$count" -D "$seconds" -d "$work/body.json"
        -H "content-type: application/json" "$at/customers") ;;
    s_time)
      [[ $wire == full ]] && more+=(-new) || more+=(-reuse)
      command=("${pinned[@]}" openssl s_time -connect "${at#https://}" "${more[@]}" -tls1_3 -ciphersuites
        TLS_AES_128_GCM_SHA256 -www /customers -time "$seconds") ;;
  esac
}

# secure_rounds PART SERVER ROUNDS CONNECTIONS STREAMS CLIENT:WIRE...: as `rate_rounds`, with each client's wire.
secure_rounds() {
  local part=$1 server=$2 total=$3 count=$4 streams=$5 round turn one state last pass at number
  local -A state_of
  local server_pid=$server_pid
  shift 5
  for ((round = 1; round <= total; round++)); do
    state_of=()
    last=none
    for ((pass = 0; pass <= retries; pass++)); do
      for ((turn = 0; turn < $#; turn++)); do
        number=$(((round - 1 + turn) % $# + 1))
        one=${!number}
        [[ ${state_of[$one]-} != "$last" ]] || continue
        address_of "$server" "${one#*:}"
        server_pid=$plain_server_pid
        for number in "${!secure_servers[@]}"; do
          [[ $server-${one#*:} == sandbox-plain || $server-${one#*:} == sandbox-h2c || ${secure_servers[$number]} != "$server" ]] ||
            server_pid=${secure_pids[$number]}
        done
        secure_command "${one%:*}" "${one#*:}" "$count" "$streams"
        measure_more=(--server "$server" --wire "${one#*:}" --streams "$streams")
        measure "$part" "${one%:*}" "$count" "$round"
        state=$(<"$work/state")
        state_of[$one]=$state
        [[ $state == moved || $state == disturbed ]] || last=$state
      done
    done
  done
  measure_more=()
}

# secure_turns WIRE CLIENT...: those of them that are there, each with its wire, in `turns`.
secure_turns() {
  local wire=$1 client
  shift
  for client in "$@"; do
    if chosen "shopblast s_time ${clients[*]}" "$client"; then turns+=("$client:$wire"); fi
  done
}

# Whether this build speaks HTTP/2 over TLS.
speaks_h2() {
  local told
  told=$("$shopblast" SpikeUser --http2 -H https://127.0.0.1:1 -u 1 -t 1s --quiet 2>&1 || true)
  [[ $told != *"over TLS not yet"* ]]
}

secure_parts() {
  local server turns shape wire plain_server_pid=$server_pid
  start_secure_servers
  if chosen "$http2_wires" h2 && ! speaks_h2; then
    say "note: this build speaks no HTTP/2 over TLS, which is left out"
    http2_wires=${http2_wires/h2 /} http2_wires=${http2_wires/%h2/}
  fi
  for server in "${secure_servers[@]}"; do
    if chosen "$parts" tls; then
      turns=(shopblast:plain)
      secure_turns tls shopblast wrk oha h2load
      secure_rounds tls "$server" "$rounds" "$connections" 1 "${turns[@]}"
    fi
    if chosen "$parts" http2; then
      for shape in $http2_shapes; do
        turns=()
        for wire in $http2_wires; do secure_turns "$wire" shopblast oha h2load; done
        secure_rounds http2 "$server" "$rounds" "${shape%x*}" "${shape#*x}" "${turns[@]}"
      done
    fi
  done
  if chosen "$parts" tls && chosen "${secure_servers[*]}" nginx; then
    turns=(shopblast:full s_time:full shopblast:resumed s_time:resumed)
    if chosen "${clients[*]}" oha; then turns+=(oha:resumed); fi
    secure_rounds handshakes nginx "$more_rounds" 16 1 "${turns[@]}"
  fi
}
