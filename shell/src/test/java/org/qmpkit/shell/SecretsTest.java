package org.qmpkit.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SecretsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "set_password protocol=vnc password=hunter2",
        "set_password vnc hunter2",
        "block_passwd ide0-hd0 hunter2",
        "change vnc password hunter2",
        "change  vnc  passwd",
        "change device=vnc target=password arg=hunter2",
        "object-add qom-type=secret id=s data=hunter2",
        "object-add id=s data=hunter2 qom-type=secret",
        "object-add qom-type=secret id=s props={\"data\":\"hunter2\"}",
        "object_add secret,id=s,data=hunter2",
        "OBJECT-ADD QOM-TYPE=SECRET data=hunter2",
        "human-monitor-command command-line=\"set_password vnc hunter2\"",
        "{\"execute\": \"set_password\", \"arguments\": {\"protocol\": \"vnc\", \"password\": \"x\"}}",
        "{'execute':'object-add','arguments':{'qom-type':'secret','id':'s','data':'hunter2'}}",
        "{\"arguments\": {\"qom-type\": \"secret\", \"data\": \"x\"}, \"execute\": \"object-add\"}",
        "guest-set-user-password username=root password=aHVudGVyMg== crypted=false",
        "blockdev-add driver=https url=x cookie=session=1",
        "qom-set path=/objects/s property=data value=hunter2",
        "qom-set path=/objects/s property=password value=hunter2",
        "qom-set /objects/s data hunter2",
        "qom-set -j /objects/s data \"hunter2\"",
        "qom-set \"/objects/a b\" \"data\" hunter2",
        "QOM-GET  /objects/s  data",
        "human-monitor-command command-line=\"qom-get /objects/s data\"",
        "a secret=hunter2",
        "a secret:=\"hunter2\"",
        "a b.passphrase=hunter2",
        "a new-secret=x",
        "blockdev-add driver=https node-name=n url=https://user:hunter2@host/",
        "drive-mirror device=d target=iscsi://bob%hunter2@10.0.0.1:3260/iqn.x/0",
        "drive-mirror device=d target=iscsi://bob%hun/ter2@10.0.0.1:3260/iqn.x/0",
        "drive-mirror device=d target='json:{\"driver\":\"https\",\"cookie\":\"SID=1\"}'",
        "drive-mirror device=d target=rbd:pool/img:id=admin:key=AQB==",
      })
  void whatMayHoldOneIsNotRemembered(String line) {
    assertTrue(Secrets.in(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "query-status",
        "device_add driver=e1000 id=net1",
        "blockdev-add node-name=l driver=luks key-secret=sec0 file=f",
        "blockdev-add node-name=l driver=qcow2 encrypt.format=luks encrypt.key-secret=sec0",
        "{\"execute\": \"blockdev-add\", \"arguments\": {\"driver\": \"luks\", \"key-secret\": \"s\"}}",
        "blockdev-add driver=https url=x password-secret=sec0 cookie-secret=sec1",
        "object-add qom-type=iothread id=io0",
        "object-add qom-type=tls-creds-x509 id=t dir=/etc/pki",
        "object-del id=sec0",
        "expire_password protocol=vnc time=never",
        "qom-get path=/machine property=type",
        "qom-set path=/machine property=note value=x",
        "qom-set /machine/data note x",
        "qom-get /machine/data type",
        "qom-list /objects/data",
        "change ide1-cd0 /tmp/a.iso",
        "migrate uri=tcp:host:4444",
        "drive-mirror device=d target=iscsi://10.0.0.1:3260/iqn.x%20y/0",
        "drive-mirror device=d target=rbd:pool/img:id=admin:keyring=/etc/k",
      })
  void whatHoldsNoneIs(String line) {
    assertFalse(Secrets.in(line));
  }

  private static String masked(String line) throws LineException {
    Request request = java.util.Objects.requireNonNull(new LineGrammar().read(line));
    return JsonText.compact(Secrets.masked(request.name(), request.arguments()), Palette.PLAIN);
  }

  @Test
  void theLogHasAMaskInThePlaceOfEach() throws LineException {
    String[][] rows = {
      {
        "set_password protocol=vnc password=hunter2",
        "{\"protocol\": \"vnc\", \"password\": \"***\"}"
      },
      {
        "object-add qom-type=secret id=s data=hunter2",
        "{\"qom-type\": \"secret\", \"id\": \"s\", \"data\": \"***\"}"
      },
      {
        "object-add qom-type=secret id=s props.data=hunter2",
        "{\"qom-type\": \"secret\", \"id\": \"s\", \"props\": {\"data\": \"***\"}}"
      },
      {
        "object-add qom-type=secret_keyring id=s data=7",
        "{\"qom-type\": \"secret_keyring\", \"id\": \"s\", \"data\": \"***\"}"
      },
      {
        "object-add qom-type=rng id=r data=x",
        "{\"qom-type\": \"rng\", \"id\": \"r\", \"data\": \"x\"}"
      },
      {"a b=[{\"Password\":1},{\"c\":2}]", "{\"b\": [{\"Password\": \"***\"}, {\"c\": 2}]}"},
      {"blockdev-add key-secret=s", "{\"key-secret\": \"s\"}"},
      {"human-monitor-command command-line=\"change vnc password\"", "{\"command-line\": \"***\"}"},
      {"human-monitor-command command-line=stop", "{\"command-line\": \"stop\"}"},
      {
        "qom-set path=/objects/s property=data value=hunter2",
        "{\"path\": \"/objects/s\", \"property\": \"data\", \"value\": \"***\"}"
      },
      {
        "qom-set path=/a property=b value=c",
        "{\"path\": \"/a\", \"property\": \"b\", \"value\": \"c\"}"
      },
      {
        "a b=https://bob:hunter2@host/", "{\"b\": \"https://bob:***@host/\"}",
      },
      {
        "a b=iscsi://bob%hunter2@10.0.0.1:3260/iqn.x/0",
        "{\"b\": \"iscsi://bob%***@10.0.0.1:3260/iqn.x/0\"}",
      },
      {
        "a b=iscsi://bob%hun/ter2@10.0.0.1:3260/iqn.x/0",
        "{\"b\": \"iscsi://bob%***@10.0.0.1:3260/iqn.x/0\"}",
      },
      {"a b=[\"iscsi://bob%hunter2@h/t/0\"]", "{\"b\": [\"iscsi://bob%***@h/t/0\"]}"},
      {
        "a b='json:{\"driver\":\"https\",\"cookie\":\"SID=1\"}'", "{\"b\": \"***\"}",
      },
      {
        "a b=json:{\"file.url\":\"https://bob:hunter2@host/\"}", "{\"b\": \"***\"}",
      },
      {
        "a b=json:{\"driver\":\"luks\",\"key-secret\":\"s\"}",
        "{\"b\": \"json:{\\\"driver\\\":\\\"luks\\\",\\\"key-secret\\\":\\\"s\\\"}\"}",
      },
      {
        "a b=rbd:pool/img:id=admin:key=AQB==:conf=/etc/c",
        "{\"b\": \"rbd:pool/img:id=admin:key=***:conf=/etc/c\"}",
      },
      {"a b=x:key=y", "{\"b\": \"x:key=y\"}"},
    };
    for (String[] row : rows) {
      assertEquals(row[1], masked(row[0]));
    }
  }

  @Test
  void amongManyValuesOnlySecretsAreMasked() {
    String value =
        "[{\"properties\": [{\"name\": \"data\", \"type\": \"string\", \"value\": \"%s\"},"
            + " {\"name\": \"format\", \"type\": \"QCryptoSecretFormat\", \"value\": \"raw\"},"
            + " {\"name\": \"passwd\", \"type\": \"string\"}]}]";
    assertEquals(
        value.formatted("***"),
        JsonText.compact(
            Secrets.maskedReturn("qom-list-get", JsonText.read(value.formatted("hunter2"))),
            Palette.PLAIN));
    assertEquals(
        value.formatted("hunter2"),
        JsonText.compact(
            Secrets.maskedReturn("query-x", JsonText.read(value.formatted("hunter2"))),
            Palette.PLAIN));
  }

  @Test
  void theRequestItselfKeepsIts() throws LineException {
    Request request =
        java.util.Objects.requireNonNull(new LineGrammar().read("a password=x b.passwd=y"));
    Secrets.masked(request.name(), request.arguments());
    assertEquals(
        "{\"password\": \"x\", \"b\": {\"passwd\": \"y\"}}",
        JsonText.compact(request.arguments(), Palette.PLAIN));
  }
}
