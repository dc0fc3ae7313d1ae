package org.qmpkit.net;

import java.io.IOException;
import java.nio.channels.Channel;

/** Closing a channel when there is nothing to be done about a failure to. */
final class Channels {
  private Channels() {}

  static void close(Channel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is gone all the same.
    }
  }
}
