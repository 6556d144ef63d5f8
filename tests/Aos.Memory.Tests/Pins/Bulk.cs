using System.Globalization;
using Aos.Contracts;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Memory.Tests;

/// <summary>Many entries at once, past the rooms.</summary>
internal static class Bulk
{
    /// <summary>Entries <c>b:000000</c> and so on, each a tick newer than the one before.</summary>
    internal static Task FillAsync(PinHouse house, TenantId tenant, int count) => house.Get<IDatabase>().For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var now = house.Clock.GetUtcNow().UtcTicks;
            connection.Execute(
                string.Create(CultureInfo.InvariantCulture, $"""
                    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})
                    INSERT INTO memory_pins (tenant_id, key, id, version, bytes, source, created_at, updated_at, value)
                    SELECT @tenant, 'b:' || substr('000000' || i, length('000000' || i) - 5), i + 1, i + 1, 2, 'bulk', @now + i, @now + i, '{"{}"}' FROM n
                    """),
                new { tenant = tenant.Value, now }, transaction);
            return connection.Execute(
                "INSERT INTO memory_usage (tenant_id, pins, bytes, last_id, last_version) VALUES (@tenant, @count, @bytes, @count, @count)",
                new { tenant = tenant.Value, count = (long)count, bytes = 2L * count }, transaction);
        },
        PinHouse.Cancel);
}
