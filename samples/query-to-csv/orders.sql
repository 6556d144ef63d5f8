CREATE TABLE orders (id integer PRIMARY KEY, day date NOT NULL, customer text, total numeric(12, 2) NOT NULL);
INSERT INTO orders VALUES
  (1, '2025-12-30', 'Ash Ltd', 80.00), (2, '2026-01-02', 'Ash Ltd', 120.50), (3, '2026-01-02', 'Ash Ltd', 9.50),
  (4, '2026-01-02', 'Birch "B" & Sons, York', 43.00), (5, '2026-01-03', NULL, 5.25);
