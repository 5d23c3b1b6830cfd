# Build from the repository's root: docker build -f deploy/Relay.Dockerfile .
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig BannedSymbols.txt ./
COPY Relay.Protocol Relay.Protocol
COPY Relay.Dtls Relay.Dtls
COPY Relay.Kernel Relay.Kernel
COPY Grains.Interfaces Grains.Interfaces
COPY Grains Grains
COPY ServiceDefaults ServiceDefaults
COPY Relay Relay
RUN dotnet publish Relay -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
RUN mkdir /data && chown app /data
ENV Health__Urls=http://0.0.0.0:8082 Relay__DataPath=/data
EXPOSE 3478/udp 3478/tcp 8082
VOLUME /data
USER app
ENTRYPOINT ["dotnet", "Relay.dll"]
