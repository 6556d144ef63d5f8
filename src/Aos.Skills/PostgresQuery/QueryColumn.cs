using Npgsql;
using Npgsql.PostgresTypes;

namespace Aos.Skills;

/// <summary>How a value of a column becomes JSON.</summary>
internal enum CellKind
{
    Text,
    Bool,
    Number,
    Json,
    Bytes,
    Moment,
}

/// <param name="Type">As the server calls it, for instance <c>numeric(10,2)</c>.</param>
internal sealed record QueryColumn(string Name, string Type, CellKind Kind, bool IsArray)
{
    /// <summary>The columns of a result. A name that comes again gets a number: rows are objects.</summary>
    internal static IReadOnlyList<QueryColumn> Of(NpgsqlDataReader reader)
    {
        var (names, again) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal));
        var columns = new List<QueryColumn>(reader.FieldCount);
        for (var i = 0; i < reader.FieldCount; i++)
        {
            var written = reader.GetName(i);
            var name = written;
            while (!names.Add(name)) name = $"{written}_{again[written] = again.GetValueOrDefault(written, 1) + 1}";
            var element = (reader.GetPostgresType(i) as PostgresArrayType)?.Element;
            var isArray = element is not null && IsApartByComma(element);
            columns.Add(new QueryColumn(name, reader.GetDataTypeName(i).Replace(", ", ",", StringComparison.Ordinal), KindOf(isArray ? element!.OID : reader.GetDataTypeOID(i)), isArray));
        }

        return columns;
    }

    /// <summary>Elements of these, and of domains over them, stand apart by another sign than those of all others.</summary>
    private static bool IsApartByComma(PostgresType element) =>
        element is PostgresDomainType domain ? IsApartByComma(domain.BaseType) : element.Name is not ("box" or "geometry" or "geography");

    /// <summary>By the fixed numbers of the server's own types.</summary>
    private static CellKind KindOf(uint type) => type switch
    {
        16 => CellKind.Bool,
        17 => CellKind.Bytes,
        20 or 21 or 23 or 26 or 700 or 701 or 1700 => CellKind.Number,
        114 or 3802 => CellKind.Json,
        1114 or 1184 => CellKind.Moment,
        _ => CellKind.Text,
    };
}
