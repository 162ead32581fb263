CREATE TABLE IF NOT EXISTS `koa_sess` (
  `key` VARBINARY(1200) NOT NULL PRIMARY KEY,
  value LONGBLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  INDEX expires_at (expires_at)
) ENGINE = InnoDB;
