using System.Data.Common;
using System.Text.RegularExpressions;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

/// <summary>Looks at a store, and damages it, beside the product. Statements are SQLite's; PostgreSQL gets its own spelling.</summary>
internal static class BehindTheStore
{
    internal static void Tamper(this TestStore store, string sql)
    {
        using var connection = store.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = store.Spell(sql);
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    internal static long Scalar(this TestStore store, string sql)
    {
        using var connection = store.Connect();
        using var command = connection.CreateCommand();
        command.CommandText = store.Spell(sql);
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    internal static DbCommand Bind(this DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Bytes and ids are what the two spell differently.</summary>
    private static string Spell(this TestStore store, string sql)
    {
        if (store.Kind == TestStoreKind.Sqlite) return sql;
        sql = Regex.Replace(sql, "\\bx'(?<hex>[0-9a-fA-F]*)'", @"'\x${hex}'::bytea");
        sql = Regex.Replace(sql, @"zeroblob\((?<count>\d+)\)", "decode(repeat('00', ${count}), 'hex')");
        sql = Regex.Replace(sql, @"CAST\((?<column>\w+) AS TEXT\)", "convert_from(${column}, 'UTF8')");
        sql = Regex.Replace(sql, @"CAST\((?<text>'[^']*'|replace\(.*\)) AS BLOB\)", "convert_to(${text}, 'UTF8')");
        return Regex.Replace(sql, @"\bhex\((?<column>\w+)\)", "upper(replace(${column}::text, '-', ''))");
    }
}
