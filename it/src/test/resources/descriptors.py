"""Sockets that pass descriptors, for tests: one JSON array a line says what to do, one line answers.

What is passed are the write ends of pipes, of which none is kept here: who reads the end of the
input at the other end knows that nobody has it any more.
"""
import json
import os
import random
import select
import socket
import sys

LIMIT = 60
sockets = {}
buffers = {}
pipes = []


def connect(name, path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(LIMIT)
    sock.connect(path)
    sockets[name] = sock
    buffers[name] = b""
    return os.getpid()


def listen(name, path):
    sockets[name] = socket.socket(socket.AF_UNIX)
    sockets[name].bind(path)
    sockets[name].listen(5)
    sockets[name].settimeout(LIMIT)


def accept(listener, name):
    sockets[name] = sockets[listener].accept()[0]
    sockets[name].settimeout(LIMIT)
    buffers[name] = b""


def send(name, text, count=0):
    """Sends with so many descriptors on the first byte; returns the numbers of their pipes."""
    return send_on(sockets[name], text.encode(), count)


def send_on(sock, data, count, keep=True):
    ends = [os.pipe() for _ in range(count)]
    try:
        sent = socket.send_fds(sock, [data], [w for _, w in ends]) if count else 0
        sock.sendall(data[sent:])
    finally:
        for r, w in ends:
            os.close(w)
            if not keep:
                os.close(r)
    if keep:
        pipes.extend(r for r, _ in ends)
    return list(range(len(pipes) - len(ends), len(pipes)))


def line(name):
    """The next line, or null at the end."""
    while b"\n" not in buffers[name]:
        try:
            more = sockets[name].recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            return None
        buffers[name] += more
    first, buffers[name] = buffers[name].split(b"\n", 1)
    return first.decode().strip()


def receive(name, size):
    """Bytes and the number of descriptors that came along, each of which is closed."""
    data, fds, _, _ = socket.recv_fds(sockets[name], size, 20)
    for fd in fds:
        os.close(fd)
    return [data.decode(), len(fds)]


def stuff(name, size):
    """Sends pieces with a descriptor each until no more is taken; returns how many went whole."""
    sock = sockets[name]
    sock.setblocking(False)
    pieces = 0
    while True:
        r, w = os.pipe()
        pipes.append(r)
        try:
            socket.send_fds(sock, [b"x" * size], [w])
        except BlockingIOError:
            sock.settimeout(LIMIT)
            return pieces
        finally:
            os.close(w)
        pieces += 1


def drain(name, size, pieces):
    """Reads so many pieces; returns whether each came with the descriptor that was sent with it."""
    at = 0
    right = True
    first = len(pipes) - pieces - 1
    while at < pieces * size:
        data, fds, _, _ = socket.recv_fds(sockets[name], size, 8)
        for fd in fds:
            os.write(fd, b"%d" % at)
            os.close(fd)
            right = right and os.read(pipes[first + at // size], 20) == b"%d" % at
        right = right and len(fds) == (at % size == 0)
        at += len(data)
    return right and at == pieces * size


def close(name):
    sockets.pop(name).close()


def gone(pipe, seconds):
    """Whether nobody has the other end within a time."""
    poll = select.poll()
    poll.register(pipes[pipe], select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def negotiated(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(LIMIT)
    sock.connect(path)
    stream = sock.makefile("rb")
    stream.readline()
    ask(sock, stream, {"execute": "qmp_capabilities"})
    return sock, stream


def ask(sock, stream, command, fds=0, blank=False):
    """Answers to whoever was connected before are passed over."""
    ident = "%d-%d" % (id(sock), random.getrandbits(48))
    data = json.dumps(dict(command, id=ident)).encode()
    if blank:
        send_on(sock, b" ", fds, keep=False)
        fds = 0
    send_on(sock, data, fds, keep=False)
    while True:
        answer = json.loads(stream.readline())
        if answer.get("id") == ident:
            if "return" not in answer:
                raise AssertionError("%s: %s" % (command, answer))
            return answer["return"]


def churn(path, rounds, seed):
    """Clients that come and go; every other one leaves in the middle of something."""
    dice = random.Random(seed)
    for i in range(rounds):
        sock, stream = negotiated(path)
        getfd = {"execute": "getfd", "arguments": {"fdname": "churn"}}
        if i % 2 == 0:
            ask(sock, stream, getfd, 1 + i % 3, blank=i % 4 == 0)
            ask(sock, stream, {"execute": "closefd", "arguments": {"fdname": "churn"}})
            added = ask(sock, stream, {"execute": "add-fd"}, 1)
            ask(sock, stream, {"execute": "remove-fd", "arguments": added})
        else:
            # A name of its own: the client before it may be waited for yet.
            data = json.dumps(getfd).replace("churn", "cut").encode()
            cut = dice.randrange(1, len(data) + 1)
            try:
                send_on(sock, data[:cut], dice.randrange(1, 12), keep=False)
                if dice.random() < 0.3:
                    send_on(sock, data[cut:], dice.randrange(1, 3), keep=False)
            except (BrokenPipeError, ConnectionResetError):
                pass  # a relay ends who sends too many
        stream.close()
        sock.close()
    sock, stream = negotiated(path)
    sock.sendall(b'{"execute": "closefd", "arguments": {"fdname": "cut"}}')
    stream.readline()
    stream.close()
    sock.close()
    return rounds


for request in sys.stdin:
    words = json.loads(request)
    print(json.dumps(globals()[words[0]](*words[1:])), flush=True)
