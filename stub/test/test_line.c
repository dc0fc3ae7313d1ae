/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's command lines, before and after; and addresses.
 */
#define _GNU_SOURCE
#include "check.h"
#include "line.h"

enum { WORDS = 40 };

static char *before[WORDS];
static int count;

/* Words of a line, by blanks; they stay for the whole run. */
static void split(const char *text)
{
    char *copy = strdup(text);

    count = 0;
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        before[count++] = word;
    }
    before[count] = NULL;
}

static const char *join(char **words)
{
    static char text[4096];

    text[0] = '\0';
    for (int i = 0; words[i] != NULL; i++) {
        strcat(strcat(text, i > 0 ? " " : ""), words[i]);
    }
    return text;
}

static Line read_line(const char *text)
{
    Line line;
    Reason why = { "" };
    bool good;

    split(text);
    good = line_read(&line, count, before, &why);
    CHECK_TEXT("", why.text);
    CHECK(good);
    return line;
}

/* Descriptors count from 10. */
static void becomes(const char *from, const char *to)
{
    static const int descriptors[CHANNELS] = { 10, 11, 12, 13 };
    Line line = read_line(from);

    CHECK_TEXT(to, join(line_write(&line, descriptors)));
}

static void is_refused(const char *text, const char *why)
{
    Line line;
    Reason said = { "" };

    split(text);
    CHECK(!line_read(&line, count, before, &said));
    CHECK_TEXT(why, said.text);
}

#define SOCKET(id, fd) "-chardev socket,id=" id ",fd=" fd ",server=on,wait=off"

static void openxts_spellings(void)
{
    becomes("qemu -qmp v4v", "qemu " SOCKET("qmp-stub-0", "10") " -mon chardev=qmp-stub-0,mode=control");
    becomes("qemu -qmp argo -S", "qemu " SOCKET("qmp-stub-0", "10") " -mon chardev=qmp-stub-0,mode=control -S");
    becomes("qemu -S -monitor v4v", "qemu -S " SOCKET("qmp-stub-0", "10") " -mon chardev=qmp-stub-0,mode=readline");
    becomes("qemu --qmp-pretty argo",
            "qemu " SOCKET("qmp-stub-0", "10") " -mon chardev=qmp-stub-0,mode=control,pretty=on");
    becomes("qemu -serial argo", "qemu " SOCKET("qmp-stub-0", "10") " -serial chardev:qmp-stub-0");
    becomes("qemu -serial mon:argo", "qemu " SOCKET("qmp-stub-0", "10")
            ",mux=on -serial chardev:qmp-stub-0 -mon chardev=qmp-stub-0,mode=readline");
    becomes("qemu -chardev argo,id=q,port=5100,domid=0,localport=15100,stream=off -mon chardev=q,mode=control",
            "qemu " SOCKET("q", "10") " -mon chardev=q,mode=control");
    becomes("qemu -chardev v4v,id=q,mux=on,logfile=/a,,b,logappend=on",
            "qemu " SOCKET("q", "10") ",mux=on,logfile=/a,,b,logappend=on");
    becomes("qemu -chardev backend=vchan,path=/data/qmp,id=q", "qemu " SOCKET("q", "10"));
    becomes("qemu -chardev vsock,id=q,cid=3,port=5100", "qemu " SOCKET("q", "10"));
    becomes("qemu -qmp argo -serial v4v:0:5200 -chardev vchan,id=c,path=p",
            "qemu " SOCKET("qmp-stub-0", "10") " -mon chardev=qmp-stub-0,mode=control " SOCKET("qmp-stub-1", "11")
            " -serial chardev:qmp-stub-1 " SOCKET("c", "12"));
}

static void what_is_not_ours_stays(void)
{
    static const char *const lines[] = {
        "qemu", "qemu -version", "qemu -machine help", "qemu -qmp unix:/a,server=on,wait=off",
        "qemu -S -no-user-config -nodefaults -nographic -machine none,accel=kvm:tcg -qmp unix:/m,server=on -pidfile /p -daemonize",
        "qemu -serial stdio -monitor none -chardev socket,id=argo,path=/v4v", "qemu -append -qmp argo",
        "qemu -name -serial v4v", "qemu argo v4v", "qemu -serial", "qemu -qmp argos -monitor v4v4", "qemu -drive file=argo",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        Line line = read_line(lines[i]);
        CHECK_IS(0, line.count);
        CHECK(line_write(&line, NULL) == before);
    }
}

static void probes_have_no_channels(void)
{
    becomes("qemu -qmp argo -version", "qemu -version");
    becomes("qemu -chardev argo,id=a -M pc -device help", "qemu -M pc -device help");
    becomes("qemu -device virtio-net,help -serial argo", "qemu -device virtio-net,help");
    becomes("qemu -cpu ? -serial v4v", "qemu -cpu ?");
    CHECK(!read_line("qemu -qmp argo -append help").probe);
    CHECK(read_line("qemu -qmp argo -daemonize").daemonizes);
}

static void options_have_their_meaning(void)
{
    Address a = read_line("qemu -chardev argo,id=q,domid=7,port=1,localport=2,generation=1,chunk=16,full=end").channels[0].address;

    CHECK(a.scheme == ARGO && a.domain == 7 && a.port == 1 && a.local_port == 2);
    CHECK(a.generation == 1 && a.chunk == 16 && a.full == STUB_FULL_END);
    a = read_line("qemu -qmp argo").channels[0].address;
    CHECK(a.domain == 0 && a.port == 5100 && a.local_port == 15100 && a.generation == 3 && a.chunk == 4096);
    a = read_line("qemu -qmp argo:9:5200").channels[0].address;
    CHECK(a.domain == 9 && a.port == 5200 && a.local_port == 15200);
    a = read_line("qemu -chardev vsock,id=v,port=1").channels[0].address;
    CHECK(a.domain == ANY_CID);
    a = read_line("qemu -chardev argo,id=s,stream=on,server").channels[0].address;
    CHECK(a.stream && a.server);
    CHECK(!read_line("qemu -chardev v4v,id=s,stream=off").channels[0].address.stream);
    CHECK(read_line("qemu -chardev vchan,id=v,path=p,reconnect-marker=on").channels[0].address.marker);
}

static void a_console_may_lose_and_a_monitor_may_not(void)
{
    CHECK(read_line("qemu -qmp argo").channels[0].address.full == STUB_FULL_WAIT);
    CHECK(read_line("qemu -serial argo").channels[0].address.full == STUB_FULL_DROP);
    CHECK(read_line("qemu -chardev argo,id=a -serial chardev:a").channels[0].address.full == STUB_FULL_DROP);
    CHECK(read_line("qemu -mon chardev=a,mode=control -chardev argo,id=a").channels[0].address.full == STUB_FULL_WAIT);
    CHECK(read_line("qemu -mon a -chardev argo,id=a").channels[0].address.full == STUB_FULL_WAIT);
    CHECK(read_line("qemu -mon b -chardev argo,id=a").channels[0].address.full == STUB_FULL_DROP);
    CHECK(read_line("qemu -serial argo:0,full=wait").channels[0].address.full == STUB_FULL_WAIT);
}

static void garbage_is_named(void)
{
    is_refused("qemu -chardev argo", "-chardev argo: no id=");
    is_refused("qemu -chardev argo,id=q,domid=x", "-chardev argo,id=q,domid=x: domid 'x' is not a number within 0 to 32751");
    is_refused("qemu -chardev argo,id=q,domid=-1", "-chardev argo,id=q,domid=-1: domid '-1' is not a number within 0 to 32751");
    is_refused("qemu -qmp argo:40000", "-qmp argo:40000: domid '40000' is not a number within 0 to 32751");
    is_refused("qemu -qmp argo:0:0", "-qmp argo:0:0: port '0' is not a number within 1 to 4294967294");
    is_refused("qemu -qmp argo:0:4294967294", "-qmp argo:0:4294967294: port 4294967294 and no localport, which would be 10000 more");
    is_refused("qemu -chardev argo,id=q,speed=1", "-chardev argo,id=q,speed=1: argo has no option 'speed'");
    is_refused("qemu -chardev v4v,id=,port=1", "-chardev v4v,id=,port=1: id '' is not 1 to 63 letters, digits, '-', '.', '_'");
    is_refused("qemu -chardev vchan,id=q", "-chardev vchan,id=q: no path; as in vchan:0:device-model/6/qmp-vchan, or vchan,path=…");
    is_refused("qemu -chardev vsock,id=q", "-chardev vsock,id=q: no port; as in vsock:any:5100, or vsock,port=5100");
    is_refused("qemu -qmp argo,chunk=9999999", "-qmp argo,chunk=9999999: chunk '9999999' is not a number within 16 to 16272");
    is_refused("qemu -qmp argo,full=maybe", "-qmp argo,full=maybe: full 'maybe' is none of wait, drop, end");
    is_refused("qemu -qmp argo,generation=4", "-qmp argo,generation=4: generation '4' is not a number within 1 to 3");
    is_refused("qemu -qmp vchan:0:p,reconnect-marker=2", "-qmp vchan:0:p,reconnect-marker=2: reconnect-marker '2' is neither on nor off");
    is_refused("qemu -qmp argo,stream=on,generation=2", "-qmp argo,stream=on,generation=2: generation is of datagrams, and stream is on");
    is_refused("qemu -qmp argo,server=on", "-qmp argo,server=on: server is of streams, and stream is off");
    is_refused("qemu -qmp argo,stream=on,chunk=16265",
               "-qmp argo,stream=on,chunk=16265: chunk 16265 is not within 16 to 16264, of a stream");
    is_refused("qemu -qmp argo -serial argo",
               "two channels at argo:0:5100: give one another localport= (-chardev argo,id=ID,localport=15101)");
}

int main(void)
{
    openxts_spellings();
    what_is_not_ours_stays();
    probes_have_no_channels();
    options_have_their_meaning();
    a_console_may_lose_and_a_monitor_may_not();
    garbage_is_named();
    return 0;
}
