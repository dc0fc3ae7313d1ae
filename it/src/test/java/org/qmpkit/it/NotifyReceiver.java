package org.qmpkit.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * In the place of systemd or its journal: takes what sd_notify(3) or the log sends, a message at a
 * time. In Python: Java can't.
 */
final class NotifyReceiver implements AutoCloseable {
  private static final String RECEIVER =
      """
      import json, socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.bind(sys.argv[1] if sys.argv[1][0] == '/' else '\\0' + sys.argv[1][1:])
      print('"bound"', flush=True)
      for line in sys.stdin:
          s.settimeout(float(line))
          try:
              print(json.dumps(s.recv(65536).decode()), flush=True)
          except OSError:
              print('null', flush=True)
      """;

  private final Process process;
  private final BufferedReader answers;
  private final Writer questions;

  /**
   * A socket that takes messages from here on.
   *
   * @param place a path, or {@code @} and an abstract name
   */
  NotifyReceiver(String place) throws IOException {
    process =
        new ProcessBuilder("python3", "-c", RECEIVER, place)
            .redirectError(Redirect.INHERIT)
            .start();
    answers = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    questions = process.outputWriter(UTF_8);
    if (!"\"bound\"".equals(answers.readLine())) {
      throw new IOException("cannot receive at " + place);
    }
  }

  /** The next message; empty if none comes in so long. Blocks. */
  Optional<String> next(Duration patience) throws IOException {
    questions.write(patience.toMillis() / 1000.0 + "\n");
    questions.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the receiver has ended");
    }
    return answer.equals("null")
        ? Optional.empty()
        : Optional.of(Messages.parse(answer).asString());
  }

  /**
   * Waits for a message of a kind, and leaves out those before it.
   *
   * @throws AssertionError if none comes
   */
  String await(String what, Predicate<String> wanted) {
    return Patience.find(
        what, () -> next(Duration.ofSeconds(1)).filter(wanted), () -> "nothing of the kind came");
  }

  /** A message's lines of NAME=VALUE. */
  static Map<String, String> fields(String message) {
    return Arrays.stream(message.split("\n"))
        .map(each -> each.split("=", 2))
        .collect(Collectors.toMap(each -> each[0], each -> each[1]));
  }

  /** Takes what came until now. */
  void drain() throws IOException {
    while (next(Duration.ofMillis(1)).isPresent()) {
      // Gone.
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
