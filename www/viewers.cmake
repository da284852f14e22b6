# cmake -DLOCK=... -DPACKAGES=... -DWWW=... -DSTAMP=... -P viewers.cmake
#
# Puts Swagger UI and ReDoc beside the pages that use them. The server works without them, so that
# it can be built with no network: the pages then say what is missing, and as long as there is no
# STAMP, every build tries again.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/../cmake/NpmPackages.cmake)

npm_packages(${LOCK} ${PACKAGES} problem swagger-ui-dist redoc)
if(problem)
  message(NOTICE "www: /docs and /redoc stay empty until a build has network: ${problem}")
  return()
endif()

set(swagger ${PACKAGES}/node_modules/swagger-ui-dist)
file(COPY ${swagger}/swagger-ui.css ${swagger}/swagger-ui-bundle.js
  ${swagger}/LICENSE ${swagger}/NOTICE
  DESTINATION ${WWW}/docs)

# ReDoc shows a logo from its makers' server. No request may leave for it; what cannot be shown is
# left out by ReDoc itself.
set(redoc ${PACKAGES}/node_modules/redoc)
file(READ ${redoc}/bundles/redoc.standalone.js script)
string(REPLACE "https://cdn.redoc.ly/redoc/logo-mini.svg" "data:," script "${script}")
file(WRITE ${WWW}/redoc/redoc.standalone.js "${script}")
file(COPY ${redoc}/LICENSE ${redoc}/bundles/redoc.standalone.js.LICENSE.txt
  DESTINATION ${WWW}/redoc)

# The archives have one date for all versions, but nginx makes an ETag of date and size.
file(GLOB copies ${WWW}/docs/* ${WWW}/redoc/*)
file(TOUCH ${copies} ${STAMP})
