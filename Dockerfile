# Debian, not Alpine: Temporal's native module is linked against glibc.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install script: the image has its Node, and the native modules ship prebuilt. Not `npm ci`: npm 11 refuses a
# lock file without the optional packages of every platform, and this one lists those of Linux with glibc.
RUN npm install --omit=dev --ignore-scripts --no-save

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY migrations migrations
COPY schemas schemas
COPY src src
# A fresh volume takes the owner of the folder it covers.
RUN install -d -o node -g node /var/lib/tbd/payment
USER node
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --start-interval=1s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METRICS_PORT ?? 9464}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/main.ts"]
