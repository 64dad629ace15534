"""Certificates for the proxies of scripts/ingress.sh, made by openssl in a directory of their own."""

import subprocess

RSA = ["-newkey", "rsa:2048", "-nodes"]
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
        self.between("between")
        self.leaf("chain", "shop.test", signer="between", key=RSA)
        with self.path("chain").open("a") as chain:
            chain.write(self.path("between").read_text())

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

    def between(self, name):
        """An authority for which `ca` vouches."""
        extensions, request = self.path(name, "ext"), self.path(name, "csr")
        extensions.write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        self.openssl("req", *EC, "-subj", f"/CN={name}", "-keyout", self.path(name, "key"), "-out", request)
        self.sign(name, "ca", 2)

    def sign(self, name, signer, days):
        self.openssl(
            *("x509", "-req", "-in", self.path(name, "csr"), "-days", days, "-extfile", self.path(name, "ext")),
            *("-CA", self.path(signer), "-CAkey", self.path(signer, "key"), "-CAcreateserial", "-out", self.path(name)),
        )

    def leaf(self, name, host, signer="ca", usage="serverAuth", days=2, key=EC):
        extensions, request = self.path(name, "ext"), self.path(name, "csr")
        extensions.write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        self.openssl("req", *key, "-subj", f"/CN={host}", "-keyout", self.path(name, "key"), "-out", request)
        self.sign(name, signer, days)
        both = self.path(name).read_text() + self.path(name, "key").read_text()
        self.path(name, "pem").write_text(both)
