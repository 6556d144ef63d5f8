using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Storage;

/// <summary>The door of the store.</summary>
public static class StorageRoom
{
    public static AosBuilder AddStorage(this AosBuilder aos, StorageOptions options)
    {
        aos.Migrations(Schema.Migrations);
        aos.Migrations(Keyring.Migrations);
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<DataDirectory>(_ => DataDirectory.Open(options.Data));
        aos.Services.AddSingleton<SqliteStore>();
        aos.Services.AddSingleton<IJournal, SqliteJournal>();
        aos.Services.AddSingleton<IRunRows, SqliteRunRows>();
        aos.Services.AddSingleton<IDatabase, SqliteDatabase>();
        aos.Services.AddSingleton<IStatusHistory, SqliteStatusHistory>();
        aos.Services.AddSingleton<ChoreLog>();
        aos.Services.AddHostedService<ChoreHost>();
        aos.Services.AddSingleton<MasterKey>();
        aos.Services.AddSingleton<IKeyring, Keyring>();
        return aos;
    }
}
