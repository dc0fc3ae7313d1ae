package org.qmpkit.shell;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Why something failed, for people: the JDK's file exceptions name the file alone. */
final class Reasons {
  private Reasons() {}

  static String of(Exception exception) {
    return switch (exception) {
      case NoSuchFileException _ -> "there is no such file";
      case FileAlreadyExistsException _ ->
          "there is such a file already; nothing is written over it";
      case AccessDeniedException _ -> "permission denied";
      case NotDirectoryException _ -> "it is in no folder";
      default -> exception.getMessage() == null ? exception.toString() : exception.getMessage();
    };
  }
}
