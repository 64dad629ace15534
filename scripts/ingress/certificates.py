"""Certificates for the proxies of scripts/ingress.sh, made by openssl in a directory of their own."""

import subprocess

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Certificates:
    """Paths by name: `ca`, `other_ca`; NAME.pem holds certificate and key, as HAProxy wants it."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.authority("ca")
        self.authority("other_ca")
        self.authority("client_ca")
        self.leaf("shop", "shop.test")
        self.leaf("second", "second.test")
        self.leaf("expired", "shop.test", days=-1)
        self.leaf("wrong_name", "elsewhere.test")
        self.leaf("unknown_ca", "shop.test", signer="other_ca")
        self.leaf("client", "tester", signer="client_ca", usage="clientAuth")

    def path(self, name, ending="crt"):
        return self.directory / f"{name}.{ending}"

    def openssl(self, *words):
        told = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
        if told.returncode != 0:
            raise RuntimeError(f"openssl {words[0]}: {told.stderr}")

    def authority(self, name):
        self.openssl(
            *("req", "-x509", *EC, "-days", 2, "-subj", f"/CN={name}"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", self.path(name, "key"), "-out", self.path(name)),
        )

    def leaf(self, name, host, signer="ca", usage="serverAuth", days=2):
        extensions, request = self.path(name, "ext"), self.path(name, "csr")
        extensions.write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        self.openssl("req", *EC, "-subj", f"/CN={host}", "-keyout", self.path(name, "key"), "-out", request)
        self.openssl(
            *("x509", "-req", "-in", request, "-days", days, "-extfile", extensions, "-out", self.path(name)),
            *("-CA", self.path(signer), "-CAkey", self.path(signer, "key"), "-CAcreateserial"),
        )
        both = self.path(name).read_text() + self.path(name, "key").read_text()
        self.path(name, "pem").write_text(both)
