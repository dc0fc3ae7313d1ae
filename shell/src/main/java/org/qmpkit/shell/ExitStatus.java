package org.qmpkit.shell;

import org.qmpkit.client.CommandFailed;
import org.qmpkit.client.Disconnected;
import org.qmpkit.client.JobFailed;
import org.qmpkit.client.ProtocolViolation;
import org.qmpkit.client.QmpException;
import org.qmpkit.client.QueueFull;
import org.qmpkit.client.TimedOut;
import org.qmpkit.client.ViewMismatch;

/** What a process ends with; scripts rely on it (docs/cli.md, "Exit status"). */
public final class ExitStatus {
  private ExitStatus() {}

  /** Everything asked for was done. */
  public static final int DONE = 0;

  /** QEMU answered with an error. */
  public static final int FAILED = 1;

  /** The command line, or a line of a script, makes no sense. */
  public static final int USAGE = 2;

  /** It could not connect, or the far side went away. */
  public static final int UNREACHABLE = 3;

  /** There was no answer in time. */
  public static final int NO_ANSWER = 4;

  /** A policy forbids it. */
  public static final int REFUSED = 5;

  /** The far side broke the protocol. */
  public static final int BROKEN = 6;

  /** The user stopped it, as a shell tells it: 128 and the number of SIGINT. */
  public static final int INTERRUPTED = 130;

  /** Whether nobody is there any more, or nobody who speaks QMP. */
  static boolean isLoss(int status) {
    return status == UNREACHABLE || status == BROKEN;
  }

  /** Of what went wrong. */
  static int of(QmpException exception) {
    return switch (exception) {
      case CommandFailed failed ->
          failed
              .refusal()
              .map(refusal ->
                  switch (refusal) {
                    case REFUSED -> REFUSED;
                    case GONE -> UNREACHABLE;
                    case TIMED_OUT, BUSY -> NO_ANSWER;
                  })
              .orElse(FAILED);
      case JobFailed _ -> FAILED;
      case Disconnected _ -> UNREACHABLE;
      case TimedOut _, QueueFull _ -> NO_ANSWER;
      case ProtocolViolation _, ViewMismatch _ -> BROKEN;
    };
  }
}
