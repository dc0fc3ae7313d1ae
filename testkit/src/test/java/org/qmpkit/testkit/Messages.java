package org.qmpkit.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** What a failure says. */
final class Messages {
  private Messages() {}

  static void assertMentions(Throwable failure, String part) {
    String message = String.valueOf(failure.getMessage());
    assertTrue(message.contains(part), () -> "no «" + part + "» in: " + message);
  }
}
