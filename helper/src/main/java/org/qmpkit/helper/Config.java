package org.qmpkit.helper;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.toml.TomlFactory;

/**
 * The helper's configuration file, in TOML. Its keys are the names of the flags; routes are strings
 * under {@code route} as on the command line, or tables {@code [[route]]} with the keys {@code
 * listen}, {@code connect}, {@code relay} and {@code name}.
 */
final class Config {
  private Config() {}

  /**
   * Reads a file into settings.
   *
   * @throws IOException if it can't be read
   * @throws IllegalArgumentException if it is no TOML, or says what is no setting; the message
   *     names file and line, or file and key
   */
  static void read(Path file, Settings settings) throws IOException {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new IOException("cannot read the configuration " + file + ": no such file", e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": not UTF-8 text", e);
    } catch (IOException e) {
      throw new IOException("cannot read the configuration " + file + ": " + e.getMessage(), e);
    }
    // Token by token: an ObjectMapper costs 8 MB of memory and half a second, for ten lines.
    try (JsonParser tokens = new TomlFactory().createParser(ObjectReadContext.empty(), text)) {
      tokens.nextToken();
      while (tokens.nextToken() == JsonToken.PROPERTY_NAME) {
        take(tokens, settings);
      }
    } catch (JacksonException e) {
      TokenStreamLocation at = e.getLocation();
      throw new IllegalArgumentException(
          file + (at == null ? "" : ", line " + at.getLineNr()) + ": " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  private static void take(JsonParser tokens, Settings settings) {
    String key = tokens.currentName();
    Setting setting = known(key);
    tokens.nextToken();
    if (setting == Setting.CONFIG) {
      throw new IllegalArgumentException("a configuration can't name another one");
    }
    if (setting != Setting.ROUTE) {
      settings.set(setting, scalar(key, tokens));
    } else if (tokens.currentToken() == JsonToken.START_ARRAY) {
      while (tokens.nextToken() != JsonToken.END_ARRAY) {
        route(tokens, settings);
      }
    } else {
      route(tokens, settings);
    }
  }

  /** A table is a route of its own: its keys are those of a helper with one route. */
  private static void route(JsonParser tokens, Settings settings) {
    if (tokens.currentToken() != JsonToken.START_OBJECT) {
      settings.set(Setting.ROUTE, scalar("route", tokens));
      return;
    }
    Settings one = new Settings();
    while (tokens.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = tokens.currentName();
      Setting setting = known(key);
      tokens.nextToken();
      switch (setting) {
        case LISTEN, CONNECT, RELAY, NAME -> one.set(setting, scalar(key, tokens));
        default ->
            throw new IllegalArgumentException(
                "a [[route]] has the keys listen, connect, relay and name, not '" + key + "'");
      }
    }
    settings.add(one.routes().getFirst());
  }

  private static Setting known(String key) {
    Optional<Setting> setting = Setting.of(key);
    return setting.orElseThrow(() ->
        new IllegalArgumentException("'" + key + "' is no setting; there are " + Setting.names()));
  }

  private static String scalar(String key, JsonParser tokens) {
    if (!tokens.currentToken().isScalarValue()) {
      throw new IllegalArgumentException("'" + key + "' must be a single value");
    }
    return tokens.getString();
  }
}
