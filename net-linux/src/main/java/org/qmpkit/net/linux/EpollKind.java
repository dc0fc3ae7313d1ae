package org.qmpkit.net.linux;

import java.io.IOException;
import java.util.Optional;
import org.qmpkit.net.Poller;
import org.qmpkit.net.PollerKind;

/** The poller of this module, for the service loader. */
public final class EpollKind implements PollerKind {

  /** For the service loader. */
  public EpollKind() {}

  @Override
  public Class<? extends Poller> type() {
    return EpollPoller.class;
  }

  @Override
  public Optional<String> unavailable() {
    return Libc.unavailable();
  }

  @Override
  public Poller open() throws IOException {
    return new EpollPoller();
  }
}
