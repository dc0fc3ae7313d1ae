package org.qmpkit.recording;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.qmpkit.recording.Recording.Exchange;

/** Reading: both forms, and whatever else is in files. */
class RecordingTest {
  private static final String HEADER =
      "{\"qmp-recording\": 1, \"started\": \"2026-11-30T00:00:00Z\"}";
  private static final String GREETING =
      "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7},"
          + " \"package\": \"\"}, \"capabilities\": [\"oob\"]}}";

  @TempDir private Path folder;

  /** The answers of a QEMU 7.2 in libvirt's form, made for this test. */
  private static Path resource(String name) throws Exception {
    return Path.of(Objects.requireNonNull(RecordingTest.class.getResource(name)).toURI());
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("file"), content);
  }

  private static String qemu(String message) {
    return "{\"at\": 0.5, \"from\": \"qemu\", \"message\": " + message + "}";
  }

  private static String client(String message) {
    return "{\"at\": 0.25, \"from\": \"client\", \"message\": " + message + "}";
  }

  private static String lines(String... lines) {
    return String.join("\n", lines) + "\n";
  }

  @Test
  void readsWhatWasWritten() throws IOException {
    Path file = folder.resolve("new");
    try (RecordingWriter writer = RecordingWriter.create(file)) {
      writer.received(Duration.ZERO, GREETING);
      writer.received(Duration.ofMillis(1), "{\"timestamp\": {}, \"event\": \"EARLY\"}");
      writer.sent(Duration.ofMillis(2), "{\"execute\":\"stop\",\"id\":1}");
      writer.sent(
          Duration.ofMillis(3),
          "{\"exec-oob\":\"migrate-pause\",\"arguments\":{\"a\":{\"b\":[1,2.50]}},\"id\":2}");
      writer.received(Duration.ofMillis(4), "{\"timestamp\": {}, \"event\": \"STOP\"}");
      writer.received(
          Duration.ofMillis(5),
          "{\"id\": 2, \"error\": {\"class\": \"GenericError\", \"desc\": \"no \\u00E9\\u007F\"}}");
      writer.received(Duration.ofNanos(6_000_001_000L), "{\"return\": {}, \"id\": 1}");
      writer.received(Duration.ofMillis(7), "{\"timestamp\": {}, \"event\": \"RESUME\"}");
    }
    Recording read = Recording.read(file);

    assertEquals(GREETING, read.greeting());
    assertEquals(List.of("EARLY"), read.early().stream().map(Recording.Event::name).toList());
    assertEquals(2, read.exchanges().size());
    Exchange stop = read.exchanges().get(0);
    assertEquals("stop", Objects.requireNonNull(stop.command()).name());
    assertEquals(4, stop.line());
    assertEquals(Duration.ofMillis(2), stop.at());
    assertEquals(Duration.ofNanos(6_000_001_000L), Objects.requireNonNull(stop.answer()).at());
    assertEquals("{\"return\": {}, \"id\": \"x\"}", stop.answer().message("\"x\""));
    Exchange pause = read.exchanges().get(1);
    assertTrue(Objects.requireNonNull(pause.command()).oob());
    assertEquals("{\"a\": {\"b\": [1, 2.50]}}", Json.text(pause.command().arguments()));
    assertEquals(
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no \\u00E9\\u007F\"}}",
        Objects.requireNonNull(pause.answer()).message(null));
    assertEquals("STOP", pause.before().getFirst().name());
    assertEquals("{\"timestamp\": {}, \"event\": \"RESUME\"}", pause.after().getFirst().text());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void writesOverNothing() throws IOException {
    Path file = file("precious");
    assertThrows(FileAlreadyExistsException.class, () -> RecordingWriter.create(file));
    assertEquals("precious", Files.readString(file));
  }

  @Test
  void endsBeforeItsBoundAndCanBeRead() throws IOException {
    Path file = folder.resolve("full");
    try (RecordingWriter writer = RecordingWriter.create(file, 1 << 20)) {
      writer.received(Duration.ZERO, GREETING);
      String message = "{\"execute\":\"" + "x".repeat(1000) + "\"}";
      IOException full =
          assertThrows(
              IOException.class,
              () -> {
                for (int i = 0; i < 2000; i++) {
                  writer.sent(Duration.ZERO, message);
                }
              });
      assertEquals("it would have more than 1 MiB", full.getMessage());
      assertEquals(Files.size(file), writer.size());
    }
    assertTrue(Files.size(file) <= 1 << 20 && Files.size(file) > (1 << 20) - 2000);
    assertTrue(Recording.read(file).exchanges().size() > 900);
  }

  /** A full disk takes half a line: the rest of the file must stay readable. */
  @Test
  void leavesNoHalfLineOnAFullDisk() throws IOException {
    Path file = Files.createFile(folder.resolve("disk"));
    try (FullDisk disk = new FullDisk(Files.newByteChannel(file, StandardOpenOption.WRITE), 400);
        RecordingWriter writer = RecordingWriter.begin(disk, Recording.MOST)) {
      writer.received(Duration.ZERO, GREETING);
      IOException why =
          assertThrows(
              IOException.class,
              () -> writer.sent(Duration.ZERO, "{\"execute\":\"" + "x".repeat(400) + "\"}"));
      assertEquals("No space left on device", why.getMessage());
      assertEquals(writer.size(), Files.size(file));
    }
    assertEquals(GREETING, Recording.read(file).greeting());
  }

  /** A file on a disk that is full when so many bytes are in it. */
  private static final class FullDisk implements SeekableByteChannel {
    private final SeekableByteChannel file;
    private final long most;

    FullDisk(SeekableByteChannel file, long most) {
      this.file = file;
      this.most = most;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
      int fits = (int) Math.min(from.remaining(), most - file.size());
      if (fits == 0) {
        throw new IOException("No space left on device");
      }
      ByteBuffer some = from.duplicate().limit(from.position() + fits);
      int count = file.write(some);
      from.position(from.position() + count);
      return count;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return file.read(into);
    }

    @Override
    public long position() throws IOException {
      return file.position();
    }

    @Override
    public SeekableByteChannel position(long to) throws IOException {
      file.position(to);
      return this;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public SeekableByteChannel truncate(long to) throws IOException {
      file.truncate(to);
      return this;
    }

    @Override
    public boolean isOpen() {
      return file.isOpen();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  @Test
  void readsPairsOfLibvirt() throws Exception {
    Recording read = Recording.read(resource("pairs.replies"));
    assertEquals(
        "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7},"
            + " \"package\": \"Debian 1:7.2+dfsg-7+deb12u18+b3\"}, \"capabilities\": [\"oob\"]}}",
        read.greeting());
    assertEquals(
        List.of(
            "query-version",
            "query-target",
            "query-kvm",
            "remove-fd",
            "device-list-properties",
            "device-list-properties",
            "qom-list"),
        read.exchanges().stream()
            .map(each -> Objects.requireNonNull(each.command()).name())
            .toList());
    Replay replay = new Replay(read);
    var arguments = Json.tree("{\"typename\": \"isa-debugcon\"}");
    String answer = replay.reply("device-list-properties", arguments).answer().message("7");
    assertTrue(answer.contains("\"readback\""), answer);
    assertTrue(answer.endsWith("], \"id\": 7}"), answer);
    assertTrue(answer.chars().noneMatch(c -> c == '\n'), answer);
  }

  @Test
  void givesAnswersWithoutCommandsInTheirOrder() throws Exception {
    Replay replay = new Replay(Recording.read(resource("answers.replies")));
    assertTrue(replay.reply("a", null).answer().text().contains("Debian"));
    assertEquals("{\"arch\": \"x86_64\"}", replay.reply("b", null).answer().text());
    assertEquals(
        "{\"enabled\": false, \"present\": true}", replay.reply("c", null).answer().text());
    assertTrue(replay.reply("d", null).answer().text().contains("fdset-id"));
    assertEquals(
        "{\"class\": \"GenericError\", \"desc\": \"not in the recording: an answer to 'e':"
            + " all 4 have been given\"}",
        replay.reply("e", null).answer().text());
  }

  @Test
  void anEmptyLineMoreHarmsNothing() throws Exception {
    String text =
        "\n\n" + Files.readString(resource("pairs.replies")).replace("\n\n", "\n \r\n\n\n");
    assertEquals(7, Recording.read(file(text)).exchanges().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          garbage                              | 1 | no JSON:
          ``                                   | 1 | nothing is in it
          [1]                                  | 1 | no JSON object: [1]
          {"QMP": 1}                           | 1 | no greeting: it must have a version
          {"return": {}}                       | 1 | neither a greeting nor an answer to query-version
          {"execute": "stop"}                  | 1 | neither a greeting nor an answer to query-version
          {"execute": 1}                       | 1 | the name of a command must be a string
          {"execute": "a", "arguments": []}    | 1 | the arguments of 'a' must be an object
          {"execute": "\\u001b[2J", "arguments": 1} | 1 | the arguments of '?[2J' must be an object
          {"error": "no"}                      | 1 | an error must have a class and a desc
          {"event": "STOP"}                    | 1 | an event must have a name and a timestamp
          {"hello": "\\u001b[31m"}             | 1 | no message of QMP: {"hello": "\\u001B[31m"}
          {"execute": "a"} {"return": 1}       | 1 | no JSON:
          {"qmp-recording": 2}                 | 1 | it is of form 2, and this reads form 1
          {"qmp-recording": "x"}               | 1 | it is of form "x", and this reads form 1
          {"qmp-recording": 1                  | 1 | no JSON:
          """)
  void refusesOneLine(String content, int line, String why) throws IOException {
    assertFault(content, line, why);
  }

  @Test
  void saysWhereAndWhy() throws IOException {
    assertFault(lines(HEADER, client("{\"execute\":\"a\"}")), 2, "the greeting must come first");
    assertFault(lines(HEADER, qemu("{\"return\": {}}")), 2, "the greeting must come first");
    assertFault(
        lines(HEADER, qemu(GREETING), qemu("{\"return\": {}, \"id\": 1}")),
        3,
        "an answer to no command: {\"return\": {}, \"id\": 1}");
    assertFault(
        lines(
            HEADER,
            qemu(GREETING),
            client("{\"execute\":\"a\",\"id\":1}"),
            "",
            qemu("{\"return\": 1, \"id\": 2}")),
        5,
        "an answer to no command");
    assertFault(
        lines(HEADER, qemu(GREETING), qemu("{\"execute\":\"a\"}")), 3, "QEMU sends no commands");
    assertFault(lines(HEADER, client(GREETING)), 2, "a client sends nothing but commands");
    assertFault(
        lines(HEADER, "{\"at\": -1, \"from\": \"qemu\", \"message\": {}}"), 2, "'at' must be");
    assertFault(
        lines(HEADER, "{\"at\": 1e99, \"from\": \"qemu\", \"message\": {}}"), 2, "'at' must be");
    assertFault(
        lines(HEADER, "{\"at\": \"0\", \"from\": \"qemu\", \"message\": {}}"), 2, "'at' must be");
    assertFault(
        lines(HEADER, "{\"at\": 0, \"from\": \"me\", \"message\": {}}"), 2, "'from' must be");
    assertFault(
        lines(HEADER, "{\"at\": 0, \"from\": \"qemu\", \"message\": []}"), 2, "'message' must be");
    assertFault(
        lines(HEADER, "{\"at\": 0, \"from\": \"qemu\", \"more\": 1}"), 2, "'more' is unexpected");
    String truncated = lines(HEADER, qemu(GREETING), client("{\"execute\":\"a\"}"));
    assertFault(truncated.substring(0, truncated.length() - 4), 3, "no JSON");
    assertFault("{\n  \"execute\": \"a\",\n  oops\n}\n", 3, "no JSON");
    assertFault(
        "{\"return\": {}}\n\n{\"execute\": \"a\"}\n", 3, "a command behind answers that have none");
    assertFault("{\"execute\": \"a\"}\n\n" + GREETING + "\n", 3, "the greeting must come first");
    Files.write(folder.resolve("file"), lines(HEADER, "{\"at\": \"\u00e9\"}").getBytes(ISO_8859_1));
    assertFault(folder.resolve("file"), 2, "no text in UTF-8");
    assertFault("[".repeat(5000), 1, "no JSON");
    assertFault(lines(HEADER, qemu("9".repeat(2000))), 2, "no JSON");
  }

  @Test
  void boundsAMessageAndTheWhole() throws IOException {
    Path file = folder.resolve("file");
    byte[] mebibyte = "x".repeat(1 << 20).getBytes(UTF_8);
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int i = 0; i < 80; i++) {
        out.write(mebibyte);
      }
    }
    assertFault(file, 1, "a message of more than 10 MiB");
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write((HEADER + "\n" + qemu(GREETING) + "\n").getBytes(UTF_8));
      out.write("\n".repeat(1 << 20).getBytes(UTF_8));
      out.write("{\"execute\": \"".getBytes(UTF_8));
      for (int i = 0; i < 11; i++) {
        out.write(mebibyte);
      }
    }
    assertFault(file, (1 << 20) + 3, "a message of more than 10 MiB");
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write("{\n".getBytes(UTF_8));
      for (int i = 0; i < 11; i++) {
        out.write(mebibyte);
        out.write('\n');
      }
    }
    assertFault(file, 1, "a message of more than 10 MiB");
    String command = client("{\"execute\":\"" + "x".repeat(1 << 20) + "\"}");
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write((HEADER + "\n" + qemu(GREETING) + "\n").getBytes(UTF_8));
      for (int i = 0; i < 64; i++) {
        out.write((command + "\n").getBytes(UTF_8));
      }
    }
    assertFault(file, 66, "more than 64 MiB are in it");
  }

  @Test
  void boundsWhatWaitsForAnAnswer() throws IOException {
    String command = client("{\"execute\":\"a\"}") + "\n";
    String begun = lines(HEADER, qemu(GREETING)) + command.repeat(Assembly.MOST_UNANSWERED);
    assertEquals(Assembly.MOST_UNANSWERED, Recording.read(file(begun)).exchanges().size());
    assertFault(
        begun + command,
        Assembly.MOST_UNANSWERED + 3,
        "more than " + Assembly.MOST_UNANSWERED + " commands have no answer");
  }

  @Test
  void boundsTheExchanges() throws IOException {
    String answers = "{\"return\":1}\n\n".repeat(Assembly.MOST_EXCHANGES + 1);
    assertEquals(
        Assembly.MOST_EXCHANGES,
        Recording.read(file(GREETING + "\n\n" + answers)).exchanges().size());
    assertFault(
        GREETING + "\n\n" + answers + "{\"return\":1}\n",
        2 * Assembly.MOST_EXCHANGES + 5,
        "more than " + Assembly.MOST_EXCHANGES + " commands or answers");
  }

  @Test
  void makesAGreetingOfNothingButAnObject() throws IOException {
    assertFault(
        "{\"execute\": \"query-version\"}\n\n{\"return\": []}\n",
        1,
        "no greeting can be made of query-version: its answer must be an object");
  }

  @Test
  void whatIsNoFileIsSaid() {
    assertThrows(NoSuchFileException.class, () -> Recording.read(folder.resolve("none")));
    IOException e = assertThrows(IOException.class, () -> Recording.read(folder));
    assertTrue(String.valueOf(e.getMessage()).endsWith("it is a folder"), e.getMessage());
  }

  /** Whatever is done to a recording, it is read or refused with a line that is in it. */
  @Test
  void survivesMutation() throws IOException {
    byte[] good =
        lines(
                HEADER,
                qemu(GREETING),
                client("{\"execute\":\"stop\",\"id\":1}"),
                qemu("{\"timestamp\": {}, \"event\": \"STOP\"}"),
                qemu("{\"return\": {\"a\": [1, null, \"\\u00e9\"]}, \"id\": 1}"))
            .getBytes(UTF_8);
    Random random = new Random(26);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] bad = good.clone();
      for (int j = 0; j <= random.nextInt(3); j++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      int length = random.nextBoolean() ? bad.length : random.nextInt(bad.length);
      Path file = Files.write(folder.resolve("file"), Arrays.copyOf(bad, length));
      try {
        Recording.read(file);
      } catch (RecordingException e) {
        refused++;
        assertTrue(e.line() >= 1 && e.line() <= 12, e.getMessage());
        assertTrue(
            String.valueOf(e.getMessage()).chars().allMatch(c -> c >= 0x20 && c != 0x7f),
            e.getMessage());
      }
    }
    assertTrue(refused > 1000, "refused " + refused);
  }

  private void assertFault(String content, int line, String why) throws IOException {
    assertFault(file(content), line, why);
  }

  private static void assertFault(Path file, int line, String why) {
    RecordingException e = assertThrows(RecordingException.class, () -> Recording.read(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(
        message.startsWith("cannot read the recording " + file + ": line " + line + ": ")
            && message.contains(why),
        message);
    assertFalse(message.contains("\n"), message);
  }
}
