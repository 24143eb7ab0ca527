"""Google Cloud Storage on loopback, as much of it as TensorFlow's `gs://` asks for.

    python gcs_server.py        prints its port and the file of its certificate

TensorFlow knows one address for `gs://`, so this is a proxy: with `HTTPS_PROXY` set to it and
`CURL_CA_BUNDLE` to the certificate, what goes to `*.googleapis.com` is answered here, over TLS.
`PUT /faults?every=3` makes every third request from then on fail with an error 503, `every=0` ends
that; `GET /faults` says how many were made.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import re
import ssl
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = ("www.googleapis.com", "storage.googleapis.com")
objects: dict[str, bytes] = {}  # name in the one bucket -> content
uploads: dict[str, str] = {}  # upload's number -> name
arrived: set[str] = set()  # numbers of the uploads that are whole
faults = {"every": 0, "requests": 0, "made": 0}
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """Requests to the JSON interface, and to the objects themselves."""

    protocol_version = "HTTP/1.1"
    secure = False

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.secure, self.close_connection = True, False

    def do_GET(self) -> None:
        path, query = self._parts()
        if not self.secure:
            return self._answer(200, str(faults["made"]).encode())
        if self._fails():
            return None
        found = re.fullmatch(r"/storage/v1/b/[^/]+(/o(?:/(.*))?)?", path)
        if not found:  # the object itself: /bucket/name
            return self._content(urllib.parse.unquote(path.split("/", 2)[2]))
        if not found[1]:
            return self._json({"kind": "storage#bucket", "location": "US"})
        if found[2] is None:
            return self._list(query)
        name = urllib.parse.unquote(found[2])
        if name not in objects:
            return self._answer(404)
        size = str(len(objects[name]))
        return self._json({"size": size, "generation": "1", "updated": "2020-01-01T00:00:00.000Z"})

    def do_PUT(self) -> None:
        data = self._body()
        query = self._parts()[1]
        if not self.secure:
            with lock:
                faults.update(every=int(query["every"]), requests=0, made=0)
            return self._answer(200)
        if self._fails():
            return None
        name = uploads[query["upload_id"]]
        if self.headers.get("Content-Range", "").startswith("bytes */") and not data:
            # How much has arrived, asked after a failure: all of it, or nothing was kept.
            return self._json({}) if query["upload_id"] in arrived else self._answer(308)
        objects[name] = data
        arrived.add(query["upload_id"])
        return self._json({})

    def do_POST(self) -> None:
        data = self._body()
        path, query = self._parts()
        if self._fails():
            return None
        copied = re.fullmatch(r"/storage/v1/b/[^/]+/o/(.+)/rewriteTo/b/[^/]+/o/(.+)", path)
        if copied:
            source, target = (urllib.parse.unquote(name) for name in copied.groups())
            objects[target] = objects[source]
            return self._json({"done": True})
        if query.get("uploadType") == "media":
            objects[query["name"]] = data
            return self._json({})
        number = str(len(uploads))
        uploads[number] = query["name"]
        place = f"https://{HOSTS[0]}/upload/storage/v1/b/bucket/o?upload_id={number}"
        return self._answer(200, headers={"Location": place})

    def do_DELETE(self) -> None:
        if self._fails():
            return None
        name = urllib.parse.unquote(self._parts()[0].split("/o/", 1)[1])
        return self._answer(204 if objects.pop(name, None) is not None else 404)

    def _list(self, query: dict[str, str]) -> None:
        prefix, names, folders = query.get("prefix", ""), [], set()
        for name in sorted(objects):
            if name.startswith(prefix):
                rest = name[len(prefix) :]
                if "delimiter" in query and "/" in rest:
                    folders.add(prefix + rest.split("/")[0] + "/")
                else:
                    names.append(name)
        answer: dict[str, object] = {"prefixes": sorted(folders)} if folders else {}
        if names:
            answer["items"] = [{"name": name} for name in names]
        return self._json(answer)

    def _content(self, name: str) -> None:
        if name not in objects:
            return self._answer(404)
        data = objects[name]
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return self._answer(200, data)
        start, end = int(asked[1]), min(int(asked[2] or len(data)), len(data) - 1)
        if start >= len(data):
            return self._answer(416)
        place = {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
        return self._answer(206, data[start : end + 1], place)

    def _fails(self) -> bool:
        with lock:
            faults["requests"] += 1
            fails = faults["every"] > 0 and faults["requests"] % faults["every"] == 0
            faults["made"] += fails
        if fails:
            self._answer(503)
        return fails

    def _parts(self) -> tuple[str, dict[str, str]]:
        parts = urllib.parse.urlsplit(self.path)
        return parts.path, dict(urllib.parse.parse_qsl(parts.query))

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _json(self, content: dict[str, object]) -> None:
        self._answer(200, json.dumps(content).encode())

    def _answer(self, code: int, data: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        if os.environ.get("LOG_REQUESTS"):
            super().log_message(*arguments)


def make_certificate(folder: str) -> str:
    """A certificate for Google's hosts, signed by itself, and its key; their file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName(host) for host in HOSTS]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = os.path.join(folder, "certificate.pem")
    encoding = serialization.Encoding.PEM
    with open(path, "wb") as file:
        file.write(certificate.public_bytes(encoding))
        file.write(
            key.private_bytes(
                encoding,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return path


def _leave_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, path, flush=True)
        threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
        server.serve_forever()
