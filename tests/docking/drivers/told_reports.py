"""Reports as the unlock helper leaves them, for those who read them."""

from datetime import UTC, datetime, timedelta

from docking.drivers.clock import ClockMeasurement, ClockSource
from docking.drivers.gat947 import FieldText, HolderFields, TextEncoding
from docking.drivers.report import UnlockReport, UnlockState, UnlockWarning, format_report
from docking.drivers.verbs import DriverName
from docking.errors import DockingError
from docking.usb_devices import StringIndexes, UsbDevice
from docking.usb_ports import PortId

HOLDER = HolderFields(
    serial="ABC1234",
    police_number="012345",
    officer_name=FieldText(text="张三", encoding=TextEncoding.GBK, is_cut=False),
    unit_number=None,
    unit_name=None,
)


def report(
    *,
    at: datetime,
    state: UnlockState = UnlockState.STORAGE_ASKED,
    port: str = "pci-0000:00:14.0-usb-0:2",
    address: int = 2,
    serial: str | None = None,
    offset_ms: int | None = -90_000,
    problem: DockingError | None = None,
    warnings: tuple[UnlockWarning, ...] = (),
    clock_set_to: datetime | None = None,
    driver: DriverName | None = DriverName.AMBARELLA,
) -> bytes:
    """Return the report of a visit at `at` to an Ambarella recorder that lags by a minute and a half."""
    told = UnlockReport(port_path="1-2", at=at, state=state, problem=problem, warnings=warnings)
    told.device = UsbDevice(
        name="1-2",
        port=PortId(port),
        port_chain=(2,),
        bus=1,
        address=address,
        vendor_id="4255",
        product_id="0001",
        manufacturer=None,
        product=None,
        serial=serial,
        string_indexes=StringIndexes(),
        is_hub=False,
        interfaces=(),
        disks=(),
    )
    told.driver, told.clock_set_to = driver, clock_set_to
    if state in {UnlockState.OPEN, UnlockState.STORAGE_ASKED}:
        told.holder, told.battery_percent = HOLDER, 87
    if offset_ms is not None:
        told.clock = ClockMeasurement(
            recorder="port:pci-0000:00:14.0-usb-0:2",
            source=ClockSource.CHANNEL,
            recorder_time=(at + timedelta(milliseconds=offset_ms)).astimezone(UTC).replace(tzinfo=None, microsecond=0),
            asked_at=at,
            answered_at=at + timedelta(milliseconds=2),
            offset_ms=offset_ms,
            uncertainty_ms=501,
        )
    return format_report(told)
