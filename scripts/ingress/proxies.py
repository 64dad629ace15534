"""nginx and HAProxy before a shop, each with a port a variant, and the log of what they passed on."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

# What a proxy writes down of each request; the header names the variant's run.
FIELDS = ("method", "path", "status", "protocol", "host", "sni", "client", "tls", "traceparent", "tenant", "cookie")
FIELDS += ("authorization", "from", "upstream")


class Proxy:
    """A proxy in the foreground, with a directory of its own."""

    def __init__(self, directory, certificates, shop, first_port):
        self.directory, self.certificates, self.shop = directory, certificates, shop
        self.first_port, self.process = first_port, None
        directory.mkdir()

    def port(self, variant):
        return self.first_port + list(self.VARIANTS).index(variant)

    def listens(self, port):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    def begin(self, command):
        ports = [self.port(variant) for variant in self.VARIANTS]
        taken = [port for port in ports if self.listens(port)]
        if taken:
            raise RuntimeError(f"something listens on port {taken[0]} already; set PORT")
        told = open(self.directory / "told.log", "a")
        self.process = subprocess.Popen(command, stdout=told, stderr=told, stdin=subprocess.DEVNULL)
        for _ in range(100):
            if all(map(self.listens, ports)):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{command[0]} does not start:\n{(self.directory / 'told.log').read_text()}")

    def end(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)

    def passed(self, variant):
        """What this variant has passed on so far: a dictionary a request."""
        path = self.log(variant)
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [line.split("\t") for line in lines if line.startswith(f"{variant}\t")]
        passed = [dict(zip(FIELDS, row[1:])) for row in rows]
        for row in passed:
            # HAProxy writes the whole address of what came over HTTP/2.
            row["path"] = re.sub("^https?://[^/]*", "", row["path"])
        return passed


class Nginx(Proxy):
    NAME = "nginx"
    # What makes each of them what it is.
    VARIANTS = {
        "plain-100": "listen {at}; keepalive_requests 100;",
        "tls": "listen {at} ssl; {shop}",
        "tls-100": "listen {at} ssl; {shop} keepalive_requests 100;",
        "tls-1": "listen {at} ssl; {shop} keepalive_requests 1;",
        "tls12": "listen {at} ssl; {shop} ssl_protocols TLSv1.2;",
        "tls12-h2": "listen {at} ssl http2; {shop} ssl_protocols TLSv1.2;",
        "no-resumption": "listen {at} ssl; {shop} ssl_session_tickets off; ssl_session_cache none; keepalive_requests 100;",
        "chain": "listen {at} ssl; {chain} keepalive_requests 20;",
        "hello-retry": "listen {at} ssl; {shop} ssl_ecdh_curve secp384r1; keepalive_requests 20;",
        "small-records": "listen {at} ssl; {shop} ssl_buffer_size 64;",
        "expired": "listen {at} ssl; {expired}",
        "wrong-name": "listen {at} ssl; {wrong_name}",
        "unknown-ca": "listen {at} ssl; {unknown_ca}",
        "client-wanted": "listen {at} ssl; {shop} ssl_verify_client on; ssl_client_certificate {client_ca};",
        "two-names": "listen {at} ssl; {shop} server_name shop.test;",
        "h2": "listen {at} ssl http2; {shop}",
        "h2-100": "listen {at} ssl http2; {shop} keepalive_requests 100;",
        "h2-200": "listen {at} ssl http2; {shop} keepalive_requests 200;",
        "h2-four-streams": "listen {at} ssl http2; {shop} http2_max_concurrent_streams 4;",
        "h2-plain": "listen {at} http2;",
        "h2-plain-100": "listen {at} http2; keepalive_requests 100;",
        "h2-plain-four": "listen {at} http2; http2_max_concurrent_streams 4;",
        "plain-reload": "listen {at};",
        "h2-plain-reload": "listen {at} http2;",
        "lost": "listen {at} ssl; {shop}",
        "h2-lost": "listen {at} ssl http2; {shop}",
        "h2-plain-lost": "listen {at} http2;",
        "unix": "listen {at}; listen unix:{place}/unix.sock;",
        "unix-tls": "listen {at} ssl; listen unix:{place}/unix-tls.sock ssl; {shop}",
        "reload": "listen {at} ssl; {shop}",
        "h2-reload": "listen {at} ssl http2; {shop}",
        "headers": "listen {at} ssl http2; {shop}",
    }
    SECOND_NAME = "server {{ listen {at} ssl; {second} server_name second.test; {common} }}"
    NO_OTHER_NAME = "server {{ listen {at} ssl default_server; ssl_reject_handshake on; }}"
    FORMAT = (
        "$request_method\t$uri\t$status\t$server_protocol\t$http_host\t$ssl_server_name\t$ssl_client_s_dn\t"
        "$ssl_protocol\t$http_traceparent\t$http_x_tenant\t$http_cookie\t$http_authorization\t$remote_addr\t$upstream_status"
    )

    def words(self, at):
        given = {"at": f"127.0.0.1:{at}", "place": self.directory, "client_ca": self.certificates.path("client_ca")}
        for name in ("shop", "second", "expired", "wrong_name", "unknown_ca", "chain"):
            of_it = [self.certificates.path(name, ending) for ending in ("crt", "key")]
            given[name] = f"ssl_certificate {of_it[0]}; ssl_certificate_key {of_it[1]};"
        return given

    def log(self, variant):
        return self.directory / f"{variant}.log"

    def write(self):
        servers, formats = [], []
        for variant, shape in self.VARIANTS.items():
            given = self.words(self.port(variant))
            formats.append(f"log_format {variant} escape=none '{variant}\t{self.FORMAT}';")
            common = f"access_log {self.log(variant)} {variant}; location / {{ proxy_pass http://shop; }}"
            shape = shape if "keepalive_requests" in shape else f"{shape} keepalive_requests 1000000;"
            servers.append(f"server {{ {shape.format(**given)} {common} }}")
            if variant == "two-names":
                servers.append(self.SECOND_NAME.format(**given, common=common))
                servers.append(self.NO_OTHER_NAME.format(**given))
        temporary = " ".join(
            f"{kind}_temp_path {self.directory}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        lines = [
            "user root;" if os.getuid() == 0 else "",
            f"daemon off; worker_processes 2; pid {self.directory}/pid; error_log {self.directory}/error.log info;",
            "events { worker_connections 2048; }",
            "http {",
            f"{temporary} default_type text/plain; ssl_session_cache shared:all:1m; ssl_protocols TLSv1.2 TLSv1.3;",
            f"upstream shop {{ server {self.shop}; keepalive 64; keepalive_requests 1000000; }}",
            'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;',
            *formats,
            *servers,
            "}",
        ]
        path = self.directory / "nginx.conf"
        path.write_text("\n".join(lines))
        return path

    def start(self):
        self.begin([shutil.which("nginx"), "-p", str(self.directory), "-c", str(self.write())])

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def lose_workers(self):
        """Ends them in the middle of what they do; others take their place."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for child in children.split():
            os.kill(int(child), signal.SIGKILL)


class Haproxy(Proxy):
    NAME = "HAProxy"
    VARIANTS = {
        "tls": "ssl crt {shop} alpn http/1.1",
        "tls-idle": "ssl crt {shop} alpn http/1.1",
        "tls12": "ssl crt {shop} alpn http/1.1 ssl-max-ver TLSv1.2",
        "expired": "ssl crt {expired}",
        "wrong-name": "ssl crt {wrong_name}",
        "unknown-ca": "ssl crt {unknown_ca}",
        "client-wanted": "ssl crt {shop} verify required ca-file {client_ca}",
        "two-names": "ssl crt {shop} crt {second} strict-sni",
        "h2": "ssl crt {shop} alpn h2,http/1.1",
        "h2-only": "ssl crt {shop} alpn h2",
        "h2-plain": "proto h2",
        "unix": "",
        "plain-reload": "",
        "h2-plain-reload": "proto h2",
        "reload": "ssl crt {shop} alpn http/1.1",
        "h2-reload": "ssl crt {shop} alpn h2",
        "headers": "ssl crt {shop} alpn h2,http/1.1",
    }
    EXTRA = {"tls-idle": "timeout http-keep-alive 20ms", "unix": "bind unix@{place}/unix.sock"}
    FORMAT = (
        "%HM\t%HP\t%ST\t%HV\t%[capture.req.hdr(0)]\t%[ssl_fc_sni]\t%{+Q}[ssl_c_s_dn]\t%sslv\t"
        "%[capture.req.hdr(1)]\t%[capture.req.hdr(2)]\t%[capture.req.hdr(3)]\t%[capture.req.hdr(4)]\t%ci\t%ST"
    )

    def log(self, variant):
        return self.directory / "told.log"

    def write(self):
        given = {name: self.certificates.path(name, "pem") for name in ("shop", "second", "expired")}
        given |= {name: self.certificates.path(name, "pem") for name in ("wrong_name", "unknown_ca")}
        given["client_ca"] = self.certificates.path("client_ca")
        lines = [
            "global",
            "  log stdout format raw local0 info",
            "  maxconn 4000",
            "  hard-stop-after 5s",
            # Several threads would leave lines out of the log where they meet.
            "  nbthread 1",
            "  ssl-default-bind-options ssl-min-ver TLSv1.2",
            "  tune.ssl.default-dh-param 2048",
            "defaults",
            "  mode http",
            "  log global",
            "  timeout client 60s",
            "  timeout server 60s",
            "  timeout connect 5s",
            "  http-reuse safe",
        ]
        for variant, shape in self.VARIANTS.items():
            lines += [f"frontend {variant}", f"  bind 127.0.0.1:{self.port(variant)} {shape.format(**given)}"]
            captured = ("host", "traceparent", "x-tenant", "cookie", "authorization")
            lines += [f"  http-request capture req.hdr({name}) len 200" for name in captured]
            lines += [f'  log-format "{variant}{chr(9)}{self.FORMAT}"', "  default_backend shop"]
            lines += ["  " + self.EXTRA[variant].format(place=self.directory)] if variant in self.EXTRA else []
        lines += ["backend shop", f"  server shop {self.shop}"]
        path = self.directory / "haproxy.cfg"
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self):
        # Master and worker: a reload starts another worker, and the first one ends what it has begun.
        self.begin([shutil.which("haproxy"), "-W", "-f", str(self.write())])

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)


KINDS = {"nginx": Nginx, "haproxy": Haproxy}
